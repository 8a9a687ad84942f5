import { useState } from "preact/hooks";
import { DEAD_LETTER_CODES, type DeadLetterRow, type DeviceView } from "../../../../contract/devices.ts";
import { get } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { words } from "../../format/words.ts";
import { usePages } from "../../live/pages.ts";
import { useDeviceFeed } from "../../live/use-feed.ts";
import { LetterDialog } from "./letter-dialog.tsx";

/** Messages that were put aside, newest first, of one device or with one code where that is chosen. */
export function LetterList({ devices }: { readonly devices: readonly DeviceView[] }) {
  const [device, setDevice] = useState("");
  const [code, setCode] = useState("");
  return (
    <section class="page">
      <h2>Messages put aside</h2>
      <div class="row">
        <Field label="Device">
          <select class="input" value={device} onChange={(event) => setDevice(event.currentTarget.value)}>
            <option value="">All</option>
            {devices.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}, {id}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Why">
          <select class="input" value={code} onChange={(event) => setCode(event.currentTarget.value)}>
            <option value="">All</option>
            {DEAD_LETTER_CODES.map((one) => (
              <option key={one} value={one}>
                {words(one)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Panel flush>
        <Letters key={`${device} ${code}`} device={device} code={code} />
      </Panel>
    </section>
  );
}

function Letters({ device, code }: { readonly device: string; readonly code: string }) {
  const letters = usePages<DeadLetterRow>(
    `letters ${device} ${code}`,
    (cursor, signal) => get("/devices/dead-letters", { device, code, cursor }, signal),
    ({ id }) => id,
  );
  useDeviceFeed((arrived, gap) => {
    if (gap || arrived.some(({ kind }) => kind === "dead_letter")) letters.first.reload();
  });
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <Paged pages={letters} skeletonRows={4} empty={<Empty icon="check" title="Nothing was put aside" />}>
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Topic</th>
                <th scope="col">Why</th>
                <th scope="col" class="number">
                  When
                </th>
                <th scope="col">
                  <span class="visually-hidden">The message</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((letter) => (
                <tr key={letter.id}>
                  <td class="full break">
                    <code>{letter.topic}</code>
                  </td>
                  <td class="full">
                    <Badge status={letter.code} tone="warn" />
                    <div class="cell-sub break">{letter.detail}</div>
                  </td>
                  <td class="number muted" data-label="When">
                    <Time at={letter.at} />
                  </td>
                  <td>
                    <button type="button" class="button small" onClick={() => setShown(letter.id)}>
                      Show<span class="visually-hidden"> the message on {letter.topic}</span>
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
      {shown !== null && <LetterDialog id={shown} onClose={() => setShown(null)} />}
    </>
  );
}
