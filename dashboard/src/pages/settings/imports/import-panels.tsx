/** One import: what its file was taken for, how far it is, and what came of it. */
import type { ImportDetail, ImportReport, Sums } from "../../../../../contract/imports/imports.ts";
import { get, pathOf, post, remove } from "../../../api/client.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Facts } from "../../../components/facts.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Notice } from "../../../components/notice.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { toast } from "../../../components/toast.tsx";
import { useResource } from "../../../live/resource.ts";
import { useInterval } from "../../../live/use-interval.ts";
import { kindLabel, STATES } from "./kinds.ts";
import { MappingForm } from "./mapping-form.tsx";

const LOOK_MS = 1_000;

export function ImportPanels({
  id,
  onChange,
  onRemoved,
}: {
  readonly id: string;
  readonly onChange: () => void;
  readonly onRemoved: () => void;
}) {
  const path = pathOf("imports", id);
  const found = useResource<ImportDetail>(`import ${id}`, (signal) => get(path, {}, signal));
  useInterval(LOOK_MS, () => {
    if (found.data?.percent != null) found.reload();
  });
  const changed = (next: ImportDetail): void => {
    found.replace(() => next);
    onChange();
  };
  return (
    <Loaded resource={found} skeleton={<SkeletonRows rows={6} />}>
      {(one) => (
        <>
          <Panel title={one.fileName} aside={<span class="muted">{one.id}</span>}>
            <State one={one} />
            <Actions one={one} path={path} onDone={changed} onRemoved={onRemoved} />
          </Panel>
          {one.report.rows.read > 0 && <Report one={one} path={path} />}
          {one.layout !== null && one.startedAt === null && one.percent === null && (
            <MappingForm
              key={`${one.kind} ${one.layout.encoding} ${one.layout.delimiter}`}
              one={one}
              onDone={changed}
            />
          )}
          {one.layout !== null && one.sample.length > 0 && <Sample one={one} columns={one.layout.columns} />}
        </>
      )}
    </Loaded>
  );
}

const SIGNS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars",
};

function State({ one }: { readonly one: ImportDetail }) {
  const { layout, percent, problem, sameFileAs, waitsFor } = one;
  return (
    <>
      {problem !== null && (
        <Notice tone="bad">
          {problem.line === null ? "" : `Line ${problem.line}: `}
          {problem.detail}
        </Notice>
      )}
      {sameFileAs !== null && one.startedAt === null && (
        <Notice tone="warn">The same file was imported before. What that has booked is skipped.</Notice>
      )}
      {one.missing.length > 0 && (
        <Notice tone="warn">
          Needed and in no column: {one.missing.join(", ")}. Say below which column it is, or one value for
          all rows.
        </Notice>
      )}
      <Facts
        facts={[
          ["Table of", kindLabel(one.kind)],
          [
            "State",
            <Badge
              key="state"
              status={one.state}
              label={STATES[one.state].label}
              tone={STATES[one.state].tone}
            />,
          ],
          ...(layout === null
            ? []
            : ([
                [
                  "Read as",
                  layout.format === "jsonl"
                    ? `JSON lines, ${layout.encoding}`
                    : `CSV with ${SIGNS[layout.delimiter]}, ${layout.encoding}, decimals behind "${layout.decimal}"${layout.dates === "year" ? "" : `, dates with the ${layout.dates} first`}`,
                ],
                ["Layout of", layout.source === "own" ? "a mapping that was kept" : layout.source],
              ] as const)),
        ]}
      />
      {waitsFor.length > 0 ? (
        <p role="status">
          {waitsFor.length === 1
            ? `Waits for import ${waitsFor[0]}: of a kind one is read at a time.`
            : `Waits for one of the imports ${waitsFor.join(", ")}: so many are read at a time.`}
        </p>
      ) : (
        percent !== null && (
          <p role="status">
            <progress max={100} value={percent} aria-label="Read" /> {percent}% read
          </p>
        )
      )}
    </>
  );
}

function Actions({
  one,
  path,
  onDone,
  onRemoved,
}: {
  readonly one: ImportDetail;
  readonly path: string;
  readonly onDone: (next: ImportDetail) => void;
  readonly onRemoved: () => void;
}) {
  const act = (what: string) => async () => onDone(await post<ImportDetail>(`${path}/${what}`, {}));
  const isBusy = one.percent !== null;
  const mayBegin = one.layout !== null && one.missing.length === 0 && !isBusy && one.state !== "done";
  return (
    <div class="form-actions">
      {mayBegin && one.startedAt === null && (
        <ActionButton run={act("check")}>Check without booking</ActionButton>
      )}
      {mayBegin && (
        <ActionButton class="button primary" run={act("run")}>
          {one.startedAt === null ? "Import" : "Go on"}
        </ActionButton>
      )}
      {isBusy && <ActionButton run={act("stop")}>Stop</ActionButton>}
      {!isBusy && (
        <ActionButton
          class="button danger"
          run={async () => {
            await remove(path);
            toast("good", "Removed. What was booked stays.");
            onRemoved();
          }}
        >
          Remove
        </ActionButton>
      )}
    </div>
  );
}

function Report({ one, path }: { readonly one: ImportDetail; readonly path: string }) {
  const { faults, report } = one;
  return (
    <Panel title={one.startedAt === null ? "What would be booked" : "What was booked"} flush>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">Of</th>
            {["Read", "Booked", "Skipped", "Refused"].map((head) => (
              <th key={head} scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sumsOf(report).map(([name, sums]) => (
            <tr key={name}>
              <td class="full">{name}</td>
              {(["read", "booked", "skipped", "refused"] as const).map((key) => (
                <td key={key} class="number" data-label={key[0]?.toUpperCase() + key.slice(1)}>
                  {sums[key].toLocaleString("en")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {report.onHand !== null && (
        <p class="table-foot">
          On hand at the booked positions: {report.onHand.before.toLocaleString("en")} before,{" "}
          {report.onHand.after.toLocaleString("en")} after.
        </p>
      )}
      {faults.length > 0 && (
        <>
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col" class="number">
                  Line
                </th>
                <th scope="col">Column</th>
                <th scope="col">Expected</th>
              </tr>
            </thead>
            <tbody>
              {faults.map((fault) => (
                <tr key={`${fault.line} ${fault.column} ${fault.code}`}>
                  <td class="number" data-label="Line">
                    {fault.line}
                  </td>
                  <td data-label="Column">{fault.column ?? "the row"}</td>
                  <td data-label="Expected">{fault.expected}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="table-foot">
            <a class="button small" href={`/v1${path}/faults.csv`} download>
              Every line that was wrong, as CSV
            </a>
          </p>
        </>
      )}
    </Panel>
  );
}

function sumsOf({ rows, units, money }: ImportReport): readonly (readonly [string, Sums])[] {
  return [
    ["Rows", rows],
    ...(units.read === 0 ? [] : ([["Units", units]] as const)),
    ...Object.entries(money).map(([currency, sums]) => [`${currency}, minor units`, sums] as const),
  ];
}

function Sample({ one, columns }: { readonly one: ImportDetail; readonly columns: readonly string[] }) {
  return (
    <Panel title="First rows of the file" flush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section class="scroll-x" aria-label="First rows of the file" tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {one.sample.map((row) => (
              <tr key={row.join("\u0000")}>
                {row.map((cell, index) => (
                  <td key={columns[index]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}
