import type { UnknownItem } from "../../../../contract/returns.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";

/** Items that lie at the desk because nobody knows yet to which return they belong. */
export function UnknownItemsPage() {
  const items = useResource<Page<UnknownItem>>("unknown items", (signal) =>
    get("/returns/unknown-items", { status: "aside", limit: 100 }, signal),
  );
  const isAllowed = may("returns.receive");
  return (
    <div class="page">
      <PageHead
        title="Put aside"
        documentTitle="Items put aside"
        parent={{ href: "/returns", label: "Returns" }}
        lead="Items that came to the desk and that no return announced"
      />
      {isAllowed && (
        <Panel title="Put an item aside">
          <Form
            submit="Put aside"
            onSubmit={async (fields, key) => {
              const [code, note] = [textOf(fields, "code"), textOf(fields, "note")];
              await post("/returns/unknown-items", { code, ...(note === "" ? {} : { note }) }, key);
              toast("good", `${code} is put aside.`);
              items.reload();
            }}
          >
            <div class="form-pair">
              <Field label="What is it?" hint="A code, or what you see.">
                <input class="input" name="code" required maxLength={200} autocomplete="off" />
              </Field>
              <Field label="Note (optional)">
                <input class="input" name="note" maxLength={500} autocomplete="off" />
              </Field>
            </div>
          </Form>
        </Panel>
      )}
      <Panel title="Waiting" flush>
        <Loaded resource={items} skeleton={<SkeletonRows rows={4} />}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty icon="returns" title="Nothing is put aside">
                What a return's parcel brings too much is put aside on the return's page.
              </Empty>
            ) : (
              <ul class="count-list padded">
                {page.items.map((item) => (
                  <li key={item.id}>
                    <span>
                      {item.quantity} × <b>{item.code}</b>{" "}
                      <span class="cell-sub">
                        {item.id}, <Time at={item.at} /> by {item.putAsideBy}
                        {item.note !== "" && `, ${item.note}`}
                      </span>
                    </span>
                    <span class="push row">
                      {item.returnId !== null && (
                        <a class="button small" href={pathOf("returns", item.returnId)}>
                          {item.returnId}
                        </a>
                      )}
                      {isAllowed && (
                        <ActionButton
                          class="button quiet small"
                          run={async () => {
                            await post(pathOf("returns", "unknown-items", item.id, "discard"), undefined);
                            items.reload();
                          }}
                        >
                          Discard
                        </ActionButton>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}
