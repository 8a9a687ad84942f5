/**
 * An order's identity: `<channel>-<external id>`. It is primary key, order number, workflow id and the prefix
 * of every hold id at once, so two captures of one order meet, whichever way they came.
 *
 * Channel ids have no `-`, so the first one ends the channel. Of the external id, letters, digits, `.`, `_`
 * and `-` stay; every other byte of its UTF-8 form becomes `~` and two hex digits, so that different ids
 * never meet.
 */

/** Leaves room for `:<line>:<location>:<step>` within the 128 characters of a command id. */
const MAX_ORDER_ID_LENGTH = 80;

const CHANNEL_ID = /^[a-z][a-z0-9_]{0,31}$/;

/** The order id, or `undefined` where the external id is empty, too long, or the channel id is not one. */
export function orderIdOf(channelId: string, externalId: string): string | undefined {
  if (!CHANNEL_ID.test(channelId) || externalId === "") return undefined;
  const encoded = externalId.replace(/[^A-Za-z0-9._-]/gu, (character) =>
    [...Buffer.from(character, "utf8")]
      .map((byte) => `~${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
  const orderId = `${channelId}-${encoded}`;
  return orderId.length <= MAX_ORDER_ID_LENGTH ? orderId : undefined;
}

/**
 * The order that replaces what a claim or a return of another order is about: `<claim>-X1`, `<return>-X1`.
 * `undefined` where the id would be too long.
 */
export function replacementIds(
  of: { readonly channelId: string; readonly orderId: string; readonly externalId: string },
  id: string,
): { readonly orderId: string; readonly externalId: string } | undefined {
  const externalId = `${of.externalId}${id.slice(of.orderId.length)}-X1`;
  const orderId = orderIdOf(of.channelId, externalId);
  return orderId === undefined ? undefined : { orderId, externalId };
}

/** The order that a reservation, or an amendment of it, was made for. */
export function orderIdOfReservation(reservationId: string): string {
  const end = reservationId.indexOf("#");
  return end === -1 ? reservationId : reservationId.slice(0, end);
}

/**
 * Name of the `attempt`-th try to reserve stock for an order; the first is the order id itself. `#` is in no
 * order id.
 */
export function reservationIdOf(orderId: string, attempt: number): string {
  return attempt === 0 ? orderId : `${orderId}#${attempt + 1}`;
}
