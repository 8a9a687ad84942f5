import { describe, expect, it } from "vitest";
import { Account } from "./account.ts";
import { OperationBatch, REFUSED, RELEASE, RESERVE } from "./operations.ts";

function account(): { readonly account: Account; readonly batch: OperationBatch } {
  const batch = new OperationBatch(3);
  batch.push(1, 0, RESERVE, 3);
  batch.push(2, 1, RESERVE, 2);
  batch.push(1, 0, RELEASE, 3);
  const made = new Account(Uint32Array.of(10, 5));
  made.send(batch.length);
  return { account: made, batch };
}

describe("the account of what clients know", () => {
  it("is right where the system has what is left of each position", () => {
    const { account: one, batch } = account();
    expect(one.settle(batch, null)).toBe(3);
    expect(one.audit(Int32Array.of(10, 3))).toMatchObject({ ok: true, applied: 3, oversold: 0, lost: 0 });
  });

  it("does not count what was refused", () => {
    const { account: one, batch } = account();
    expect(one.settle(batch, Uint8Array.of(0, REFUSED, 0))).toBe(2);
    expect(one.audit(Int32Array.of(10, 5))).toMatchObject({ ok: true, refused: 1, unitsReserved: 3 });
  });

  it("calls units that the system still has although they were acknowledged lost", () => {
    const { account: one, batch } = account();
    one.settle(batch, null);
    expect(one.audit(Int32Array.of(10, 5))).toMatchObject({ ok: false, lost: 2, difference: 2 });
  });

  it("sees a unit that was taken twice on one position though another has one too many", () => {
    const { account: one, batch } = account();
    one.settle(batch, null);
    expect(one.audit(Int32Array.of(9, 4))).toMatchObject({ ok: false, lost: 1, difference: 2 });
  });

  it("calls what is below zero, or beyond the stock, oversold", () => {
    const { account: one, batch } = account();
    one.settle(batch, null);
    expect(one.audit(Int32Array.of(10, -1))).toMatchObject({ ok: false, oversold: 1 });
    const small = new Account(Uint32Array.of(10, 1));
    small.send(batch.length);
    small.settle(batch, null);
    expect(small.audit(Int32Array.of(10, -1))).toMatchObject({ ok: false, oversold: 1 });
  });

  it("misses an answer that never came, and an answer that is an error", () => {
    const { account: one, batch } = account();
    expect(one.audit(Int32Array.of(10, 5))).toMatchObject({ ok: false, unanswered: 3 });
    one.settle(batch, Uint8Array.of(0, 7, 0));
    expect(one.audit(Int32Array.of(10, 5))).toMatchObject({ ok: false, errors: 1, unanswered: 0 });
  });
});
