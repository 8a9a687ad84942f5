import { useRef, useState } from "preact/hooks";
import type { ReturnView, ScanResult } from "../../../../contract/returns.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Form } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { ScanInput } from "../../components/scan-input.tsx";
import { Stepper } from "../../components/stepper.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { type Counts, countScan, mostOf } from "./count-scan.ts";

type Problem = { readonly text: string; readonly otherReturn: string | null; readonly code: string | null };

/**
 * Scan-in at the dock, parcel by parcel: each scan of an item counts one unit; the return's own number or
 * label counts all that is awaited. What does not belong here is put aside with one tap.
 */
export function ReceiveForm({ view, onDone }: { readonly view: ReturnView; readonly onDone: () => void }) {
  const [counts, setCounts] = useState<Counts>({});
  // Scans come quicker than renders: each one counts on what the one before it has counted.
  const latest = useRef(counts);
  latest.current = counts;
  const [problem, setProblem] = useState<Problem | null>(null);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const open = view.lines.filter((line) => mostOf(line) > 0);

  const scan = async (code: string): Promise<void> => {
    try {
      const found = await get<ScanResult>("/returns/scan", { code, returnId: view.id });
      const after = countScan(view, latest.current, found);
      latest.current = after.counts;
      setCounts(after.counts);
      setProblem(problemOf(view, after.problem, found));
    } catch (error) {
      setProblem({ text: messageOf(error), otherReturn: null, code: null });
    }
  };

  return (
    <Panel title={view.status === "refunded" ? "Receive late items" : "Receive"}>
      <ScanInput label={`Scan items, or ${view.id} for all`} onScan={(code) => void scan(code)} />
      {problem !== null && (
        <Notice tone="warn">
          <p>{problem.text}</p>
          {problem.otherReturn !== null && (
            <a class="button small" href={pathOf("returns", problem.otherReturn)}>
              Open {problem.otherReturn}
            </a>
          )}
          {problem.code !== null && (
            <ActionButton
              class="button small"
              run={async () => {
                await post(`${pathOf("returns", view.id)}/unknown-items`, { code: problem.code });
                setProblem(null);
                toast("good", `${problem.code} is put aside.`);
                onDone();
              }}
            >
              Put it aside
            </ActionButton>
          )}
        </Notice>
      )}
      <Form
        submit={total === 0 ? "Receive" : `Receive ${counted(total, "unit")}`}
        disabled={total === 0}
        onSubmit={async (_fields, key) => {
          const lines = Object.entries(counts)
            .filter(([, quantity]) => quantity > 0)
            .map(([lineId, quantity]) => ({ lineId, quantity }));
          await post(`${pathOf("returns", view.id)}/receive`, { lines }, key);
          toast("good", `Received ${counted(total, "unit")} of ${view.id}.`);
          setCounts({});
          onDone();
        }}
      >
        <ul class="count-list">
          {open.map((line) => (
            <li key={line.lineId}>
              <span>
                {line.title}{" "}
                <span class="cell-sub">
                  <code>{line.sku}</code>, {line.awaited} awaited
                  {line.insteadOf !== null && `, sent instead of ${line.insteadOf}`}
                  {line.dismissed > 0 && `, ${line.dismissed} may come late`}
                </span>
              </span>
              <span class="push">
                <Stepper
                  label={line.title}
                  value={counts[line.lineId] ?? 0}
                  most={mostOf(line)}
                  onChange={(count) => {
                    setProblem(null);
                    setCounts({ ...counts, [line.lineId]: count });
                  }}
                />
              </span>
            </li>
          ))}
        </ul>
      </Form>
    </Panel>
  );
}

function problemOf(view: ReturnView, text: string | null, found: ScanResult): Problem | null {
  if (text === null) return null;
  const otherReturn = found.returnId === view.id ? null : found.returnId;
  const isLabel = found.kind === "return" || found.kind === "tracking" || found.kind === "order";
  return { text, otherReturn, code: isLabel ? null : found.code };
}
