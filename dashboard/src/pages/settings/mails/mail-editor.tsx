/**
 * One mail's text: edited, looked at with an example order, sent to oneself, and set back to the shipped one.
 */
import { useRef, useState } from "preact/hooks";
import type {
  MailDraftBody,
  MailPreview,
  MailTemplateBody,
  MailTemplateView,
} from "../../../../../contract/settings/mail-templates.ts";
import { post } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Facts } from "../../../components/facts.tsx";
import { Field } from "../../../components/field.tsx";
import { textOf } from "../../../components/form.tsx";
import { Notice } from "../../../components/notice.tsx";
import { toast } from "../../../components/toast.tsx";
import { SettingForm } from "../setting-form.tsx";

type Problems = MailPreview["problems"];

const PARTS = { subject: "Subject", text: "Text", html: "HTML" } as const;

export function MailEditor({
  path,
  now,
  onReload,
  onSaved,
}: {
  readonly path: string;
  readonly now: MailTemplateView;
  readonly onReload: () => void;
  readonly onSaved: (saved: MailTemplateView) => void;
}) {
  const fields = useRef<HTMLDivElement>(null);
  const [preview, setPreview] = useState<MailPreview | null>(null);
  const mayWrite = may("mail-templates.write");
  const draft = (): MailDraftBody => {
    const form = fields.current?.closest("form") ?? null;
    return form === null
      ? { subject: now.subject, text: now.text, html: now.html }
      : draftOf(new FormData(form));
  };
  const look = async (): Promise<MailPreview> => {
    const seen = await post<MailPreview>(`${path}/preview`, draft());
    setPreview(seen);
    return seen;
  };
  return (
    <>
      <SettingForm
        needs="mail-templates.write"
        submit="Save the text"
        onReload={onReload}
        save={async (form, key) => {
          const body: MailTemplateBody = { version: now.version, ...draftOf(form) };
          const seen = await post<MailPreview>(`${path}/preview`, draftOf(form));
          if (seen.problems.length > 0) {
            setPreview(seen);
            throw new Error("The text cannot be saved yet: see what is wrong with it below.");
          }
          onSaved(await post<MailTemplateView>(path, body, key));
        }}
      >
        <div ref={fields} class="form">
          <Field label="Subject">
            <input class="input" name="subject" required maxLength={500} defaultValue={now.subject} />
          </Field>
          <Field label="Text">
            <textarea
              class="textarea code"
              name="text"
              rows={16}
              required
              maxLength={50_000}
              defaultValue={now.text}
            />
          </Field>
          <Field label="HTML" hint="Empty: made of the text.">
            <textarea
              class="textarea code"
              name="html"
              rows={6}
              maxLength={100_000}
              defaultValue={now.html ?? ""}
            />
          </Field>
        </div>
        <details>
          <summary>What a text can name</summary>
          <p class="muted small">
            Written as {"{{ orderNumber }}"}; {"{% if trackingNumber %} … {% endif %}"} and{" "}
            {"{% for line in lines %} … {% endfor %}"} as in Liquid. What does not apply to an order is empty.
          </p>
          <Facts facts={now.variables.map(({ name, meaning }) => [name, meaning] as const)} />
        </details>
      </SettingForm>
      <div class="form-actions">
        <ActionButton run={async () => void (await look())}>Preview</ActionButton>
        {mayWrite && (
          <ActionButton
            run={async () => {
              const seen = await look();
              if (seen.problems.length > 0) return;
              await post(`${path}/test`, draft());
              toast("good", "The test mail is on its way to you.");
            }}
          >
            Send a test mail to me
          </ActionButton>
        )}
        {mayWrite && now.own && (
          <ActionButton
            run={async () => {
              onSaved(await post<MailTemplateView>(`${path}/use-shipped`, { version: now.version }));
              toast("good", "The shipped text counts again.");
            }}
          >
            Back to the shipped text
          </ActionButton>
        )}
      </div>
      {preview !== null && <Seen preview={preview} />}
    </>
  );
}

function draftOf(form: FormData): MailDraftBody {
  // Not trimmed: the lines of a text are its author's.
  const lines = (name: string): string => String(form.get(name) ?? "").replaceAll("\r\n", "\n");
  const html = lines("html");
  return { subject: textOf(form, "subject"), text: lines("text"), html: html.trim() === "" ? null : html };
}

function Seen({ preview: { mail, problems } }: { readonly preview: MailPreview }) {
  if (mail === null) return <ProblemList problems={problems} />;
  return (
    <section aria-label="Preview">
      <h3>{mail.subject}</h3>
      <MailFrame html={mail.html} />
      <details>
        <summary>As plain text</summary>
        <pre>{mail.text}</pre>
      </details>
    </section>
  );
}

function ProblemList({ problems }: { readonly problems: Problems }) {
  return (
    <Notice tone="bad">
      {problems
        .map(({ part, line, column, problem }) =>
          line === null
            ? `${PARTS[part]}: ${problem}`
            : `${PARTS[part]}, line ${line}, column ${column ?? 1}: ${problem}`,
        )
        .join(" ")}
    </Notice>
  );
}

/**
 * The mail as a mail program shows it. Nothing in it runs: the frame is sandboxed. Our own pages allow no
 * styles in markup, and a frame has their policy; so the mail's are put on when it has loaded.
 */
function MailFrame({ html }: { readonly html: string }) {
  return (
    <iframe
      class="mail-frame"
      title="The mail"
      sandbox="allow-same-origin"
      srcdoc={html.replaceAll(/\sstyle=/gi, " data-style=")}
      onLoad={(event) => {
        const shown = event.currentTarget.contentDocument;
        for (const element of shown?.querySelectorAll<HTMLElement>("[data-style]") ?? [])
          element.style.cssText = element.dataset["style"] ?? "";
      }}
    />
  );
}
