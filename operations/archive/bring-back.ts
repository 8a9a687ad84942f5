/**
 * What is about to change an archived order, or something of it, brings it back first. Who locks an order has
 * that from `lockOrder`; this is for those who look for it by another name, or read it before they lock it.
 */
import { bringBackOrder } from "../../store/archive/archive-order.ts";
import { findArchived, type NameKind } from "../../store/archive/archived-names.ts";
import type { Queryable } from "../../store/sql/database.ts";

/**
 * @param names of an order or of something of it; every order that has one comes back
 * @param kind of the names; null: any
 * @returns whether there was one in the archive
 */
export async function bringBack(
  client: Queryable,
  names: readonly string[],
  kind: NameKind | null = null,
): Promise<boolean> {
  const found = await findArchived(client, names, kind);
  for (const orderId of found) await bringBackOrder(client, orderId);
  return found.length > 0;
}
