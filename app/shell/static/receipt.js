// The receipt of a deletion as a file of the person's own.

/** Save a receipt as JSON through the browser's download. */
export function saveReceipt(receipt) {
  const when = new Date(receipt.deleted * 1000).toISOString().slice(0, 19).replaceAll(":", "");
  const href = URL.createObjectURL(new Blob([`${JSON.stringify(receipt, null, 1)}\n`], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href, download: `taproot-receipt-${when}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
