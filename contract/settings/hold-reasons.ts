/** A company's own reasons to put an order on hold, beside the built-in ones. */
import Type from "typebox";
import { Count, closed, Nullable, type Shape, Text, text, Version } from "../shapes.ts";

/** snake_case; none of the built-in ones, and never used again for anything else. */
export const OwnHoldCode = Type.String({ pattern: "^[a-z][a-z0-9_]{0,49}$" });

const REASON = {
  label: text(100),
  /** What whoever finds such an order is to do. */
  guidance: text(500, 0),
  /** Roles whose members let such orders go, beside administrators; null: everybody who may release orders. */
  releasedBy: Nullable(Type.Array(text(64), { minItems: 1, maxItems: 50, uniqueItems: true })),
  /** False: what nobody has begun to pick goes back, and is reserved anew when the order goes on. */
  keepsStock: Type.Boolean(),
};

export const HoldReasonView = Type.Object({
  code: Text,
  version: Count,
  ...REASON,
  /** False: it is put on no more orders; those that have it keep it. */
  active: Type.Boolean(),
});
export type HoldReasonView = Shape<typeof HoldReasonView>;

export const CreateHoldReasonBody = Type.Object(
  {
    code: OwnHoldCode,
    label: REASON.label,
    guidance: Type.Optional(REASON.guidance),
    releasedBy: Type.Optional(REASON.releasedBy),
    /** Default: yes. */
    keepsStock: Type.Optional(REASON.keepsStock),
  },
  closed,
);
export type CreateHoldReasonBody = Shape<typeof CreateHoldReasonBody>;

/** What is left out stays as it is. */
export const ChangeHoldReasonBody = Type.Object(
  {
    version: Version,
    label: Type.Optional(REASON.label),
    guidance: Type.Optional(REASON.guidance),
    releasedBy: Type.Optional(REASON.releasedBy),
    keepsStock: Type.Optional(REASON.keepsStock),
    active: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ChangeHoldReasonBody = Shape<typeof ChangeHoldReasonBody>;
