// The receipt of a deletion as a file of the person's own.

/** Save a receipt as JSON through the browser's download. */
export function saveReceipt(receipt) {
  const when = new Date((receipt.deleted ?? Date.now() / 1000) * 1000);
  const address = URL.createObjectURL(new Blob([`${JSON.stringify(receipt, null, 1)}\n`], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `taproot-receipt-${when.toISOString().slice(0, 19).replaceAll(":", "")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
