import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { StockRow } from "../../../../contract/stock.ts";
import type { StockAnswer } from "../../../../contract/stock-commands.ts";
import { get, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { ProductField } from "../../components/product-field.tsx";
import { toast } from "../../components/toast.tsx";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";

type Position = Pick<StockRow, "sku" | "locationId" | "safetyStock">;

/** Units that are never promised, by position: as many as a shelf usually differs from its books. */
export function SafetyStock() {
  const kept = usePages<StockRow>(
    "safety stock",
    (cursor, signal) => get("/stock", { safetyStock: "set", cursor }, signal),
    ({ sku, locationId }) => `${sku} ${locationId}`,
  );
  const [edited, setEdited] = useState<Position | "new" | null>(null);
  return (
    <>
      <Panel
        title="Never promised"
        flush
        aside={
          may("stock.safety-stock") && (
            <button type="button" class="button small" onClick={() => setEdited("new")}>
              Set a safety stock
            </button>
          )
        }
      >
        <Paged
          pages={kept}
          skeletonRows={6}
          empty={<Empty icon="stock" title="Every unit that is free may be promised" />}
        >
          {(rows) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Product</th>
                  <th scope="col">Location</th>
                  <th scope="col" class="number">
                    On hand
                  </th>
                  <th scope="col" class="number">
                    Safety stock
                  </th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={`${row.sku} ${row.locationId}`}>
                    <td class="full">
                      <div>
                        <div class="cell-title">{row.name}</div>
                        <div class="cell-sub">
                          <code>{row.sku}</code>
                        </div>
                      </div>
                    </td>
                    <td data-label="Location">{row.locationName}</td>
                    <td class="number" data-label="On hand">
                      {row.onHand.toLocaleString()}
                    </td>
                    <td class="number" data-label="Safety stock">
                      {row.safetyStock.toLocaleString()}
                    </td>
                    <td>
                      {may("stock.safety-stock") && (
                        <button type="button" class="button quiet small" onClick={() => setEdited(row)}>
                          Change
                          <span class="visually-hidden">
                            {" "}
                            {row.sku} at {row.locationName}
                          </span>
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Paged>
      </Panel>
      {edited !== null && (
        <SafetyStockDialog
          position={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            kept.first.reload();
          }}
        />
      )}
    </>
  );
}

/** @param position null: one that is chosen here */
function SafetyStockDialog({
  position,
  onClose,
  onDone,
}: {
  readonly position: Position | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  // The same for every attempt: the position answers a repeat with the first outcome.
  const [atMs] = useState(Date.now);
  return (
    <Dialog
      title={position === null ? "Set a safety stock" : `Safety stock of ${position.sku}`}
      onClose={onClose}
    >
      <Form
        submit="Save the safety stock"
        onSubmit={async (fields, key) => {
          const at = position ?? { sku: textOf(fields, "sku"), locationId: textOf(fields, "location") };
          const quantity = Number(textOf(fields, "quantity"));
          await setSafetyStock({ sku: at.sku, locationId: at.locationId, quantity, atMs }, key);
          toast("good", `${quantity.toLocaleString()} of ${at.sku} are never promised there.`);
          onDone();
        }}
      >
        {position === null && <Where />}
        <Field label="Units that are never promised" hint="0: every free unit may be promised.">
          <input
            class="input"
            name="quantity"
            type="number"
            min="0"
            max="1000000000"
            required
            defaultValue={position === null ? "" : String(position.safetyStock)}
          />
        </Field>
      </Form>
    </Dialog>
  );
}

function Where() {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  return (
    <>
      <ProductField label="Product" />
      <Field label="Location">
        <select class="select" name="location" required>
          {(locations.data?.items ?? []).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
}

/** @throws Error with the position's own sentence where it refuses */
async function setSafetyStock(
  command: {
    readonly sku: string;
    readonly locationId: string;
    readonly quantity: number;
    readonly atMs: number;
  },
  commandId: string,
): Promise<void> {
  const body = {
    commands: [{ type: "set-safety-stock", ...command, commandId, cause: "safety stock was set" }],
  };
  const { outcomes } = await post<{ readonly outcomes: readonly StockAnswer[] }>(
    "/stock/commands",
    body,
    commandId,
  );
  const [outcome] = outcomes;
  if (outcome?.status !== "applied")
    throw new Error(
      outcome?.detail ?? "The server gave no outcome. Look at the position before trying again.",
    );
}
