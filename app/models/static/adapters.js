// LoRA adapters in words: what they may work for, and how one is named.

export const SCOPES = { both: "for all", root: "for the turns that write cells", sub: "for the sub-calls that read" };
const ONLY = { root: ", for the root alone", sub: ", for sub-calls alone" };

/** "law at 0.5, for the root alone". */
export function adapterWords(adapter) {
  return `${adapter.name} at ${adapter.scale}${ONLY[adapter.scope] ?? ""}`;
}
