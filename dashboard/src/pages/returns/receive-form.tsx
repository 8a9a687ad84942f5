import { useState } from "preact/hooks";
import type { ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { Form } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { ScanInput } from "../../components/scan-input.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { countScan } from "./count-scan.ts";

/** Scan-in at the dock: each scan of an item counts one unit; the return's own number counts all of them. */
export function ReceiveForm({ view, onDone }: { readonly view: ReturnView; readonly onDone: () => void }) {
  const [counts, setCounts] = useState<Readonly<Record<string, number>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <Panel title="Receive">
      <ScanInput
        label={`Scan each item's SKU, or ${view.id} for all`}
        onScan={(code) => {
          const counted = countScan(view, counts, code);
          setProblem(counted.problem);
          setCounts(counted.counts);
        }}
      />
      {problem !== null && <Notice tone="warn">{problem}</Notice>}
      <Form
        submit={total === 0 ? "Receive" : `Receive ${counted(total, "unit")}`}
        disabled={total === 0}
        onSubmit={async (_fields, key) => {
          const lines = Object.entries(counts)
            .filter(([, quantity]) => quantity > 0)
            .map(([lineId, quantity]) => ({ lineId, quantity }));
          await post(`${pathOf("returns", view.id)}/receive`, { lines }, key);
          toast("good", `Received ${counted(total, "unit")} of ${view.id}.`);
          onDone();
        }}
      >
        <ul class="count-list">
          {view.lines.map((line) => (
            <li key={line.lineId}>
              <span>
                {line.title} <code class="muted">{line.sku}</code>
              </span>
              <span class="push row">
                <b>{counts[line.lineId] ?? 0}</b>
                <span class="muted">of {line.requested}</span>
                <button
                  type="button"
                  class="button small"
                  disabled={(counts[line.lineId] ?? 0) >= line.requested}
                  onClick={() => {
                    setProblem(null);
                    setCounts({ ...counts, [line.lineId]: (counts[line.lineId] ?? 0) + 1 });
                  }}
                >
                  Count one<span class="visually-hidden"> of {line.title}</span>
                </button>
              </span>
            </li>
          ))}
        </ul>
      </Form>
    </Panel>
  );
}
