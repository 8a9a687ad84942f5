/** When finished orders leave the busy tables. They stay readable. */
import Type from "typebox";
import { Count, closed, type Shape, Version } from "../shapes.ts";

/** Days after an order's end; 0: it stays in the busy tables for good. */
const DAYS = Type.Integer({ minimum: 0, maximum: 4_000 });

export const ArchiveRuleView = Type.Object({
  version: Count,
  days: DAYS,
  /** Orders in the archive, roughly. */
  archived: Count,
});
export type ArchiveRuleView = Shape<typeof ArchiveRuleView>;

export const ArchiveRuleBody = Type.Object({ version: Version, days: DAYS }, closed);
export type ArchiveRuleBody = Shape<typeof ArchiveRuleBody>;
