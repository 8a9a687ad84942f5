import { Dialog } from "../../components/dialog.tsx";

/** Recovery codes, which are to be seen this once. */
export function RecoveryCodesDialog({
  codes,
  onClose,
}: {
  readonly codes: readonly string[];
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Keep these recovery codes" onClose={onClose}>
      <p>
        Each counts once, in the place of a code of the app or of a passkey: for the day when the device is
        gone. They are shown this once.
      </p>
      <pre>{codes.join("\n")}</pre>
      <div class="form-actions">
        <button type="button" class="button primary" onClick={onClose}>
          I have kept them
        </button>
      </div>
    </Dialog>
  );
}
