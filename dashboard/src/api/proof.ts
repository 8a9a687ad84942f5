/**
 * A person proves again who they are, before what is risky. The request that needs it waits for the dialog
 * (`pages/account/prove-dialog.tsx`); several that need it at a time wait for the same one.
 */
import { signal } from "@preact/signals";
import { RequestError } from "./problem.ts";

type Asked = { readonly proved: () => void; readonly refused: () => void };

/** Null: nobody waits for a proof. */
export const askedForProof = signal<Asked | null>(null);

let waiting: Promise<void> | null = null;

/** Resolves once the person has proved it. @throws RequestError where they would rather not */
export function askForProof(): Promise<void> {
  waiting ??= new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      waiting = null;
      askedForProof.value = null;
    };
    askedForProof.value = {
      proved: () => {
        settle();
        resolve();
      },
      refused: () => {
        settle();
        reject(
          new RequestError("reauthentication_needed", 403, "Nothing was changed, as you did not prove it."),
        );
      },
    };
  });
  return waiting;
}
