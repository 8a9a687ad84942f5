/** What is needed to do something about people. */
import type { SecretBox } from "../../config/secret-box.ts";
import type { Mailer } from "../../ports/notifications.ts";
import type { Caller } from "../../store/audit-log/record-audit.ts";
import type { Database } from "../../store/sql/database.ts";

export type PeopleContext = {
  readonly database: Database;
  /** Whose request this is; absent: nobody's. */
  readonly caller?: Caller;
  /** Seals and opens the secrets of second factors. */
  readonly secrets: SecretBox;
  /** Null: this process sends no mail, and links are only shown to who makes them. */
  readonly mailer: Mailer | null;
  /** Base of the links. */
  readonly publicUrl: string;
};
