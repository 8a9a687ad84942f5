import { useState } from "preact/hooks";
import type { DeadLetterView } from "../../../../contract/devices.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Facts } from "../../components/facts.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { asHex, asText, bytesOf } from "./payload-text.ts";

const REFRESH_MS = 1_000;
const SHOW_AS = [
  { value: "text", label: "Text" },
  { value: "hex", label: "Bytes" },
] as const;

const RETRIES: Readonly<Record<string, string>> = {
  none: "not tried again",
  asked: "being tried again",
  delivered: "given to its handler again",
};

/** One message that was put aside: why, its bytes, and whether to try it again. */
export function LetterDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const path = pathOf("devices", "dead-letters", id);
  const letter = useResource<DeadLetterView>(`letter ${id}`, (signal) => get(path, {}, signal));
  useInterval(REFRESH_MS, () => {
    if (letter.data?.retry === "asked") letter.reload();
  });
  const [view, setView] = useState<string>("text");
  return (
    <Dialog title="A message put aside" onClose={onClose}>
      <Loaded resource={letter} skeleton={<SkeletonBlock />}>
        {(one) => {
          const bytes = bytesOf(one.payload);
          return (
            <>
              <Facts
                facts={[
                  ["Topic", <code key="topic">{one.topic}</code>],
                  ["Device", one.deviceId ?? "none that is registered"],
                  ["Why", `${words(one.code)}: ${one.detail}`],
                  ["Size", `${one.size} bytes${bytes.length < one.size ? `, ${bytes.length} kept` : ""}`],
                  ["Again", RETRIES[one.retry] ?? `failed again: ${words(one.retry)}`],
                ]}
              />
              <Chips label="Shown as" options={SHOW_AS} value={view} onChange={setView} />
              <pre>{view === "hex" ? asHex(bytes) : asText(bytes)}</pre>
              {one.canRetry && may("devices.write") && (
                <ActionButton
                  class="button primary"
                  run={async () => {
                    const asked = await post<DeadLetterView>(`${path}/retry`, {});
                    letter.replace(() => asked);
                  }}
                >
                  Try again
                </ActionButton>
              )}
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
