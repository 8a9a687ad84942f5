/** The same act on many things, a few at a time, each with its own outcome. */

export type Outcome<Item> =
  | { readonly item: Item; readonly state: "waiting" | "done" }
  | { readonly item: Item; readonly state: "failed"; readonly error: unknown };

/** Requests under way at a time: the server lets one caller do more, but others want their turn. */
const AT_ONCE = 4;

/** @param told called with all outcomes whenever one is known */
export async function eachInTurn<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
  told: (outcomes: readonly Outcome<Item>[]) => void,
): Promise<readonly Outcome<Item>[]> {
  const outcomes: Outcome<Item>[] = items.map((item) => ({ item, state: "waiting" }));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at] as Item;
      try {
        await act(item);
        outcomes[at] = { item, state: "done" };
      } catch (error) {
        outcomes[at] = { item, state: "failed", error };
      }
      told([...outcomes]);
    }
  };
  told([...outcomes]);
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return outcomes;
}
