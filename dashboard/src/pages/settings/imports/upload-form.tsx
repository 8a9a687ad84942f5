/** A file is sent, part by part: what has arrived stays, so that a break of the network costs a part. */
import { useState } from "preact/hooks";
import type { ImportDetail } from "../../../../../contract/imports/imports.ts";
import { get, pathOf, postBytes } from "../../../api/client.ts";
import { outcomeUnknown } from "../../../api/problem.ts";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { importable } from "./kinds.ts";

const PART_BYTES = 1024 * 1024;
const TRIES = 20;
const AGAIN_MS = 1_000;

export function UploadForm({ onSent }: { readonly onSent: (made: ImportDetail) => void }) {
  const [percent, setPercent] = useState<number | null>(null);
  return (
    <Form
      submit="Send the file"
      onSubmit={async (form) => {
        const file = form.get("file");
        if (!(file instanceof File)) return;
        try {
          onSent(await sent(file, textOf(form, "kind"), setPercent));
        } finally {
          setPercent(null);
        }
      }}
    >
      <Field
        label="File"
        hint="CSV or JSON lines. Exports of Shopify, NetSuite, Brightpearl, Orderhive, TradeGecko and Skubana are known by their columns."
      >
        <input class="input" type="file" name="file" required accept=".csv,.txt,.tsv,.jsonl,.ndjson,.json" />
      </Field>
      <Field label="It is a table of" hint="Nothing is booked before you say so.">
        <select class="select" name="kind">
          <option value="">What its columns say</option>
          {importable().map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      {percent !== null && (
        <p role="status">
          <progress max={100} value={percent} aria-label="Sent" /> {percent}% sent
        </p>
      )}
    </Form>
  );
}

/** Under one key: where only the answer was lost, sending again finds the import. */
async function begun(file: File, kind: string): Promise<ImportDetail> {
  const key = crypto.randomUUID();
  const query = { kind, file: file.name.slice(0, 200), size: file.size === 0 ? null : file.size };
  for (let failed = 1; ; failed += 1) {
    try {
      return await postBytes<ImportDetail>("/imports", query, file.slice(0, PART_BYTES), key);
    } catch (error) {
      if (!outcomeUnknown(error) || failed > TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

async function sent(file: File, kind: string, tell: (percent: number) => void): Promise<ImportDetail> {
  tell(0);
  let made = await begun(file, kind);
  for (let failed = 0; made.state === "uploading"; ) {
    tell(Math.floor((100 * made.bytes) / Math.max(1, file.size)));
    try {
      const part = file.slice(made.bytes, made.bytes + PART_BYTES);
      made = await postBytes(`${pathOf("imports", made.id)}/content`, { offset: made.bytes }, part);
      failed = 0;
    } catch (error) {
      failed += 1;
      if (!outcomeUnknown(error) || failed > TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      made = await get(pathOf("imports", made.id));
    }
  }
  return made;
}
