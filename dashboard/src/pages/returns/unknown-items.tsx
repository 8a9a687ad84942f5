import type { ReturnView } from "../../../../contract/returns.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";

/**
 * Items that came with the return and that nobody announced: put aside until somebody knows whose they are.
 */
export function UnknownItems({
  view,
  onChange,
}: {
  readonly view: ReturnView;
  readonly onChange: () => void;
}) {
  if (view.unknownItems.length === 0) return null;
  return (
    <Panel title="Put aside">
      {view.unknownItems.map((item) => (
        <div key={item.id} class="subcard">
          <div class="row spread">
            <span>
              {item.quantity} × <b>{item.code}</b> <span class="muted">{item.id}</span>
            </span>
            <Badge status={item.status} />
          </div>
          {item.note !== "" && <p class="muted">{item.note}</p>}
          {item.status === "attached" && item.attachedReturnId !== null && (
            <p>
              Belongs to <a href={pathOf("returns", item.attachedReturnId)}>{item.attachedReturnId}</a>
            </p>
          )}
          {item.status === "aside" && may("returns.receive") && (
            <>
              <Form
                submit="It belongs here"
                onSubmit={async (fields, key) => {
                  const body = { returnId: view.id, lineId: textOf(fields, "line") };
                  await post(pathOf("returns", "unknown-items", item.id, "attach"), body, key);
                  toast("good", `${item.code} has come with ${view.id}.`);
                  onChange();
                }}
              >
                <Field label="Which item is it?">
                  <select class="select" name="line" required>
                    <option value="">Please choose</option>
                    {view.lines.map((line) => (
                      <option key={line.lineId} value={line.lineId}>
                        {line.title}
                      </option>
                    ))}
                  </select>
                </Field>
              </Form>
              <ActionButton
                class="button quiet small"
                run={async () => {
                  await post(pathOf("returns", "unknown-items", item.id, "discard"), undefined);
                  toast("good", `${item.code} is no longer kept.`);
                  onChange();
                }}
              >
                Discard
              </ActionButton>
            </>
          )}
        </div>
      ))}
    </Panel>
  );
}
