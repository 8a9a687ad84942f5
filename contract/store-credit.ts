/** Store credit: what a company owes a customer in goods, and how it came and went. */
import Type from "typebox";
import { MinorAmount, Percent } from "./refunds.ts";
import { Count, closed, Email, Id, Nullable, type Shape, Text, Time, text } from "./shapes.ts";

export const StoreCreditSummary = Type.Object({
  id: Text,
  /** The customer's e-mail address, or the channel's id of the customer. */
  holder: Text,
  currency: Text,
  exponent: Count,
  balanceMinor: Count,
  /** The code's last letters. Only the customer is told the code. */
  codeEnd: Text,
  createdAt: Time,
});
export type StoreCreditSummary = Shape<typeof StoreCreditSummary>;

export const StoreCreditView = Type.Object({
  ...StoreCreditSummary.properties,
  /** Newest first, at most 200. */
  entries: Type.Array(
    Type.Object({
      kind: Text,
      /** Negative where it was spent or taken back. */
      amountMinor: Type.Integer(),
      /** After the entry. */
      balanceMinor: Count,
      orderId: Nullable(Text),
      refundId: Nullable(Text),
      note: Text,
      by: Text,
      at: Time,
    }),
  ),
});
export type StoreCreditView = Shape<typeof StoreCreditView>;

/** The answer to a grant: the one time that the code is told, for the person who passes it on. */
export const StoreCreditIssued = Type.Object({ ...StoreCreditView.properties, code: Text });

export const IssueStoreCreditBody = Type.Object(
  {
    email: Email,
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    amountMinor: MinorAmount,
    bonusPercent: Type.Optional(Percent),
    note: Type.Optional(text(500)),
  },
  closed,
);

export const WithdrawStoreCreditBody = Type.Object({ amountMinor: MinorAmount, note: text(500) }, closed);

/** By the customer's code or by the account; without `amountMinor`, as much as the order costs. */
export const ApplyStoreCreditBody = Type.Object(
  {
    code: Type.Optional(text(40)),
    accountId: Type.Optional(Id),
    amountMinor: Type.Optional(MinorAmount),
  },
  closed,
);
