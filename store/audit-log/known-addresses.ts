import { KNOWN_ADDRESS_DAYS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

/** Whether whoever has this e-mail address has signed in from there lately. */
export async function hasSignedInFrom(client: Queryable, email: string, address: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from staff s join audit_entry e on e.acted_by = 'staff:' || s.id
      where s.email = $1 and e.act = 'session.opened' and e.address = $2
        and e.at > now() - $3 * interval '1 day' limit 1`,
    [email.trim().toLowerCase(), address, KNOWN_ADDRESS_DAYS],
  );
  return rowCount === 1;
}
