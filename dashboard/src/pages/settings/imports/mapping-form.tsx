/** Which column stands for which field, and what counts where there is none; and how the file is read. */
import type {
  ChangeImportBody,
  ImportDetail,
  SavedMapping,
  TableLayout,
} from "../../../../../contract/imports/imports.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { patch, pathOf, post } from "../../../api/client.ts";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { Panel } from "../../../components/panel.tsx";
import { toast } from "../../../components/toast.tsx";
import { importable } from "./kinds.ts";

const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
const DELIMITERS = [
  [",", "Comma"],
  [";", "Semicolon"],
  ["\t", "Tab"],
  ["|", "Bar"],
] as const;
const DECIMALS = [
  [".", "Point: 1234.50"],
  [",", "Comma: 1234,50"],
] as const;

const DATES = [
  ["year", "No such dates"],
  ["day", "Day first: 31/12/2026"],
  ["month", "Month first: 12/31/2026"],
] as const;

export function MappingForm({
  one,
  onDone,
}: {
  readonly one: ImportDetail;
  readonly onDone: (next: ImportDetail) => void;
}) {
  const { layout } = one;
  if (layout === null) return null;
  const path = pathOf("imports", one.id);
  return (
    <Panel title="How it is read">
      <Form
        submit="Read it so"
        onSubmit={async (form, key) => {
          const kind = textOf(form, "kind") as ImportDetail["kind"];
          const delimiter = String(form.get("delimiter") ?? layout.delimiter) as typeof layout.delimiter;
          const encoding = textOf(form, "encoding") as typeof layout.encoding;
          const isOther = kind !== one.kind || delimiter !== layout.delimiter || encoding !== layout.encoding;
          const body: ChangeImportBody = {
            ...(kind === one.kind ? {} : { kind }),
            ...(delimiter === layout.delimiter ? {} : { delimiter }),
            ...(encoding === layout.encoding ? {} : { encoding }),
            ...otherSigns(layout, form),
            // Of another kind, or read otherwise, its columns are told anew.
            ...(isOther
              ? {}
              : {
                  fields: layout.fields.map(({ field }) => ({
                    field,
                    column: textOf(form, `column ${field}`) || null,
                    otherwise: textOf(form, `otherwise ${field}`) || null,
                  })),
                }),
          };
          onDone(await patch<ImportDetail>(path, body, key));
          toast("good", "Read so.");
        }}
      >
        <div class="form-pair">
          <Field label="Table of">
            <select class="select" name="kind">
              {importable().map(({ value, label }) => (
                <option key={value} value={value} selected={value === one.kind}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Encoding">
            <select class="select" name="encoding">
              {ENCODINGS.map((value) => (
                <option key={value} value={value} selected={value === layout.encoding}>
                  {value}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Between cells">
            <select class="select" name="delimiter">
              {DELIMITERS.map(([value, label]) => (
                <option key={value} value={value} selected={value === layout.delimiter}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Decimals">
            <select class="select" name="decimal">
              {DECIMALS.map(([value, label]) => (
                <option key={value} value={value} selected={value === layout.decimal}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Dates such as 03/04/2026">
            <select class="select" name="dates">
              {DATES.map(([value, label]) => (
                <option key={value} value={value} selected={value === layout.dates}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <table class="table stack">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Column</th>
              <th scope="col">Where that is empty</th>
            </tr>
          </thead>
          <tbody>
            {layout.fields.map(({ field, meaning, required, column, otherwise }) => (
              <tr key={field}>
                <td class="full">
                  <div>
                    <div class="cell-title">
                      {field}
                      {required && <span class="muted"> (needed)</span>}
                    </div>
                    <div class="cell-sub">{meaning}</div>
                  </div>
                </td>
                <td data-label="Column">
                  <select class="select" name={`column ${field}`} aria-label={`Column of ${field}`}>
                    <option value="">None</option>
                    {layout.columns.map((each) => (
                      <option key={each} value={each} selected={each === column}>
                        {each}
                      </option>
                    ))}
                  </select>
                </td>
                <td data-label="Where that is empty">
                  <input
                    class="input"
                    name={`otherwise ${field}`}
                    aria-label={`${field}, where its cell is empty`}
                    maxLength={1_000}
                    autocomplete="off"
                    defaultValue={otherwise ?? ""}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Form>
      <Form
        submit="Keep this mapping"
        onSubmit={async (form, key) => {
          await post<Page<SavedMapping>>(
            "/import-mappings",
            { importId: one.id, name: textOf(form, "name") },
            key,
          );
          toast("good", "Kept: files with the same columns are read so.");
        }}
      >
        <Field label="Name of the mapping" hint="As it was read last. One of the same name is replaced.">
          <input class="input" name="name" required maxLength={100} autocomplete="off" />
        </Field>
      </Form>
    </Panel>
  );
}

/** What is said otherwise than it was told: the rest is told anew from the columns that are chosen. */
function otherSigns(
  { decimal, dates }: TableLayout,
  form: FormData,
): Pick<ChangeImportBody, "decimal" | "dates"> {
  const said = {
    decimal: textOf(form, "decimal") as TableLayout["decimal"],
    dates: textOf(form, "dates") as TableLayout["dates"],
  };
  return {
    ...(said.decimal === decimal ? {} : { decimal: said.decimal }),
    ...(said.dates === dates ? {} : { dates: said.dates }),
  };
}
