/** `partially_fulfilled` becomes `Partially fulfilled`. */
export function words(code: string): string {
  const text = code.replace(/[_.-]+/g, " ").trim();
  return (text.charAt(0).toUpperCase() + text.slice(1)).replace(/\bsku\b/gi, "SKU");
}

/** `1 unit`, `2 units`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}
