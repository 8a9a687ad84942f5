/** `holdfast mail-template`: what mails to the shopper say is shown, previewed, set, and set back. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type {
  MailDraftBody,
  MailPreview,
  MailTemplateBody,
  MailTemplateSummary,
  MailTemplateView,
} from "../../../contract/settings/mail-templates.ts";
import type { Page } from "../../../contract/shapes.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { reasonOf, UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

type LanguageOptions = AccessOptions & { readonly language: string };

type DraftOptions = LanguageOptions & {
  readonly subject?: string;
  readonly textFile?: string;
  readonly htmlFile?: string;
};

export function addMailTemplateCommand(program: Command): void {
  const command = program
    .command("mail-template")
    .summary("show, preview and set what mails to the shopper say")
    .description(
      "What mails to the shopper say, by kind and language, in Liquid. What is set counts for mails that are written from " +
        "then on; a name that there is not is refused with its place.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast mail-template show shipped > shipped.txt
  $ npx holdfast mail-template preview shipped --language de --subject "Unterwegs: {{ orderNumber }}" --text-file shipped.de.txt
  $ npx holdfast mail-template set shipped --language de --subject "Unterwegs: {{ orderNumber }}" --text-file shipped.de.txt
  $ npx holdfast mail-template use-shipped shipped --language de`,
    );
  withAccess(command.command("list").description("List every kind of mail")).action(list);
  const onTemplate = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description))
      .argument("<kind>", "such as order_confirmed or shipped; `list` has them")
      .option("--language <language>", "like de or pt-br; default: everybody else", "default");
  onTemplate("show", "Show what a mail says, and what it can name").action(show);
  withDraft(onTemplate("preview", "Show the mail of an example order")).action(preview);
  withDraft(onTemplate("set", "Set what a mail says")).action(set);
  onTemplate("use-shipped", "Let the shipped text count again").action(useShipped);
}

function withDraft(command: Command): Command {
  return command
    .option("--subject <text>", "the subject (default: as it is)")
    .option("--text-file <file>", "file of the text (default: as it is)")
    .option("--html-file <file>", "file of the HTML; none: made of the text (default: as it is)");
}

function pathOf(kind: string, language: string, action = ""): string {
  return `/v1/mail-templates/${encodeURIComponent(kind)}/${encodeURIComponent(language)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<MailTemplateSummary>>("/v1/mail-templates");
  if (options.json) for (const one of items) printJson(one);
  else
    print(
      table([
        ["kind", "languages with a text of their own"].map((one) => paint("dim", one)),
        ...items.map(({ kind, languages }) => [kind, languages.join(", ")]),
      ]),
    );
}

async function show(kind: string, options: LanguageOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<MailTemplateView>(pathOf(kind, options.language)), options);
}

async function preview(kind: string, options: DraftOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const now = await rest.get<MailTemplateView>(pathOf(kind, options.language));
  const draft = await draftOf(now, options);
  const { mail, problems } = await rest.post<MailPreview>(pathOf(kind, options.language, "/preview"), draft);
  if (options.json) printJson({ mail, problems });
  if (mail === null) {
    const lines = problems.map(
      ({ part, line, column, problem }) =>
        `  ${part}${line === null ? "" : `, line ${line}, column ${column ?? 1}`}: ${problem}`,
    );
    throw new UserProblem(
      "mail_template_invalid",
      `The text cannot be set:\n${lines.join("\n")}`,
      "Correct it; nothing has changed.",
    );
  }
  if (!options.json) print(`${paint("bold", mail.subject)}\n\n${mail.text.trimEnd()}`);
}

async function set(kind: string, options: DraftOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const now = await rest.get<MailTemplateView>(pathOf(kind, options.language));
  const body: MailTemplateBody = { version: now.version, ...(await draftOf(now, options)) };
  tell(await rest.post<MailTemplateView>(pathOf(kind, options.language), body), options);
}

async function useShipped(kind: string, options: LanguageOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<MailTemplateView>(pathOf(kind, options.language));
  const path = pathOf(kind, options.language, "/use-shipped");
  tell(await rest.post<MailTemplateView>(path, { version }), options);
}

async function draftOf(
  now: MailTemplateView,
  { subject, textFile, htmlFile }: DraftOptions,
): Promise<MailDraftBody> {
  return {
    subject: subject ?? now.subject,
    text: textFile === undefined ? now.text : await contentOf("--text-file", textFile),
    html:
      htmlFile === undefined
        ? now.html
        : htmlFile === "none"
          ? null
          : await contentOf("--html-file", htmlFile),
  };
}

function contentOf(option: string, file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "file_unreadable",
      `${option} names ${file}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the path.",
      { cause, exitStatus: 2 },
    );
  });
}

function tell(view: MailTemplateView, options: AccessOptions): void {
  if (options.json) {
    printJson(view);
    return;
  }
  const { kind, language, own, subject, text, html, variables } = view;
  print(
    [
      `${paint("bold", kind)}, ${language}: ${own ? "own text" : "the shipped text"}, version ${view.version}`,
      `subject  ${subject}`,
      "",
      text.trimEnd(),
      "",
      ...(html === null ? [] : [html.trimEnd(), ""]),
      paint("dim", "It can name:"),
      table(variables.map(({ name, meaning }) => [`  ${name}`, meaning])),
    ].join("\n"),
  );
}
