import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { SavedView } from "../../../contract/saved-views.ts";
import { get, pathOf, post, remove } from "../api/client.ts";
import { messageOf } from "../api/problem.ts";
import { session } from "../api/session.ts";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Form, textOf } from "../components/form.tsx";
import { Icon } from "../components/icon.tsx";
import { toast } from "../components/toast.tsx";
import { words } from "../format/words.ts";
import { useResource } from "../live/resource.ts";
import { Menu } from "./menu.tsx";

/**
 * The list as it is now under a name, one's own or for everybody of one's role; and the ones that were saved.
 */
export function SavedViews({
  list,
  path,
  query,
}: {
  readonly list: SavedView["list"];
  readonly path: string;
  /** What the list shows now, as its address says it. */
  readonly query: string;
}) {
  const { route } = useLocation();
  const [isSaving, setSaving] = useState(false);
  const views = useResource<{ readonly items: readonly SavedView[] }>("views", (signal) =>
    get("/views", {}, signal),
  );
  const ofList = (views.data?.items ?? []).filter((view) => view.list === list);
  const current = ofList.find((view) => view.query === query && query !== "");
  const discard = (view: SavedView): void => {
    remove(pathOf("views", view.id))
      .then(() => {
        toast("good", `The view ${view.name} is deleted.`);
        views.reload();
      })
      .catch((error: unknown) => toast("bad", messageOf(error)));
  };
  return (
    <>
      <Menu label={current?.name ?? "Views"} icon="bookmark" chosen={current !== undefined}>
        {(close) => (
          <>
            {ofList.length === 0 && <p class="muted small menu-note">No view is saved yet.</p>}
            <ul class="menu-items">
              {ofList.map((view) => (
                <li key={view.id} class="menu-row">
                  <button
                    type="button"
                    class="menu-item"
                    aria-pressed={view === current}
                    onClick={() => {
                      close();
                      route(view.query === "" ? path : `${path}?${view.query}`);
                    }}
                  >
                    <span class="menu-name">{view.name}</span>
                    {view.sharedWith !== null && (
                      <span class="muted small">
                        {view.own ? `shared with ${words(view.sharedWith)}` : `of ${view.by}`}
                      </span>
                    )}
                  </button>
                  {view.own && (
                    <button type="button" class="button quiet icon-only" onClick={() => discard(view)}>
                      <Icon name="close" label={`Delete the view ${view.name}`} />
                    </button>
                  )}
                </li>
              ))}
            </ul>
            <div class="menu-fields">
              <button
                type="button"
                class="button"
                onClick={() => {
                  close();
                  setSaving(true);
                }}
              >
                Save this view
              </button>
            </div>
          </>
        )}
      </Menu>
      {isSaving && (
        <SaveDialog
          list={list}
          query={query}
          name={current?.own === true ? current.name : ""}
          onClose={() => setSaving(false)}
          onDone={() => {
            setSaving(false);
            views.reload();
          }}
        />
      )}
    </>
  );
}

function SaveDialog({
  list,
  query,
  name,
  onClose,
  onDone,
}: {
  readonly list: SavedView["list"];
  readonly query: string;
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const role = session.value?.role ?? "";
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <Form
        submit="Save"
        onSubmit={async (fields, key) => {
          const sharedWith = fields.get("shared") === "on" ? role : null;
          const saved = await post<SavedView>(
            "/views",
            { list, query, name: textOf(fields, "name"), sharedWith },
            key,
          );
          toast("good", `The view ${saved.name} is saved.`);
          onDone();
        }}
      >
        <Field label="Name" hint="A view of yours with this name becomes this one.">
          <input class="input" name="name" required maxLength={60} value={name} autocomplete="off" />
        </Field>
        <label class="check">
          <input type="checkbox" name="shared" /> Everybody with the role {words(role)} sees it, too
        </label>
      </Form>
    </Dialog>
  );
}
