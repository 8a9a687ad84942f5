/** Holidays: days on which locations do not work, kept once for many of them. */
import Type from "typebox";
import { Count, closed, Day, Id, Nullable, type Shape, text, Version } from "../shapes.ts";

const Holiday = {
  day: Day,
  /** What people call it; two of a day differ by it. */
  name: text(100),
  /** Null: all locations. */
  locations: Nullable(Type.Array(Id, { minItems: 1, maxItems: 1_000, uniqueItems: true })),
};

export const HolidaysView = Type.Object({ version: Count, holidays: Type.Array(Type.Object(Holiday)) });
export type HolidaysView = Shape<typeof HolidaysView>;

/** All holidays that are to count from now on. */
export const HolidaysBody = Type.Object(
  { version: Version, holidays: Type.Array(Type.Object(Holiday, closed), { maxItems: 1_000 }) },
  closed,
);
export type HolidaysBody = Shape<typeof HolidaysBody>;
