/** `holdfast custom-field`: a company's own fields of orders, lines, products, locations and returns. */
import type { Command } from "commander";
import type {
  ChangeCustomFieldBody,
  CreateCustomFieldBody,
  CustomFieldView,
  CustomValuesBody,
  CustomValuesSet,
} from "../../../contract/settings/custom-fields.ts";
import type { Page } from "../../../contract/shapes.ts";
import { readText } from "../../../orders/custom-fields/custom-fields.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { eachOf, yesOrNo } from "../option-values.ts";

type SetOptions = AccessOptions & {
  readonly label?: string;
  readonly choice: readonly string[];
  readonly required?: string;
  readonly attribute?: string;
};

type Subject = CustomFieldView["subject"];

const PATH = "/v1/custom-fields";

export function addCustomFieldCommand(program: Command): void {
  const command = program
    .command("custom-field")
    .summary("define fields of your own")
    .description(
      "A company's own fields of orders, order lines, products, locations and returns. Subject, key and type, and whether it " +
        "is personal data, are said once and for good. Values of orders are edits (`holdfast order change`) or come with the order.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast custom-field create order po_number --label "Purchase order" --type text --attribute PO
  $ npx holdfast custom-field create order gift_for --label "A gift for" --type text --personal
  $ npx holdfast custom-field create product season --label Season --type choice --choice Summer --choice Winter
  $ npx holdfast custom-field set product TENT-2P season=Summer
  $ npx holdfast custom-field disable product season`,
    );
  withAccess(command.command("list").description("List all of them, retired ones too"))
    .option("--of <subject>", "only of order, order_line, product, location or return")
    .action(list);
  const onField = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description))
      .argument("<subject>", "order, order_line, product, location or return")
      .argument("<key>", "such as po_number");
  const withSettings = (field: Command): Command =>
    field
      .option("--choice <text>", "one that a choice may be; may be repeated, and all are given", eachOf, [])
      .option("--required <yes|no>", "whether orders wait that come without it")
      .option("--attribute <name>", "the channels' attribute that is taken for it; none: no more");
  withSettings(onField("create", "Define a field"))
    .requiredOption("--label <text>", "what people call it")
    .requiredOption("--type <type>", "text, number, boolean, date or choice")
    .option("--personal", "its values identify a shopper: they are sealed, and erased with the shopper")
    .action(create);
  withSettings(onField("update", "Change a field; what is left out stays as it is"))
    .option("--label <text>", "what people call it")
    .action((subject: Subject, key: string, options: SetOptions) =>
      change(subject, key, settingsOf(options), options),
    );
  withAccess(command.command("set").description("Set fields of a product, a location or a return"))
    .argument("<subject>", "product, location or return")
    .argument("<id>", "SKU of a product, id of a location or return")
    .argument("<values...>", "key=value, such as season=Summer; key= takes a value away")
    .action(set);
  onField("disable", "Retire a field: its values stay to be seen, and its key is not used again").action(
    (subject: Subject, key: string, options: AccessOptions) =>
      change(subject, key, { active: false }, options),
  );
  onField("enable", "Take a retired field up again").action(
    (subject: Subject, key: string, options: AccessOptions) =>
      change(subject, key, { active: true }, options),
  );
}

async function list(options: AccessOptions & { readonly of?: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = options.of === undefined ? "" : `?subject=${encodeURIComponent(options.of)}`;
  const { items } = await rest.get<Page<CustomFieldView>>(`${PATH}${query}`);
  if (options.json) {
    for (const one of items) printJson(one);
    return;
  }
  const rows = items.map((one) => [
    one.subject,
    one.key,
    one.label,
    one.type === "choice" ? one.choices.join(", ") : one.type,
    [one.required ? "required" : "", one.personal ? "personal data" : "", one.active ? "" : "retired"]
      .filter((word) => word !== "")
      .join(", "),
    one.attribute ?? "",
  ]);
  const head = ["of", "key", "label", "takes", "", "attribute"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No fields." : table([head, ...rows]));
}

async function create(
  subject: Subject,
  key: string,
  options: SetOptions & {
    readonly label: string;
    readonly type: CreateCustomFieldBody["type"];
    readonly personal?: boolean;
  },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { label, type, personal = false } = options;
  const body: CreateCustomFieldBody = { subject, key, ...settingsOf(options), label, type, personal };
  tell(await rest.post<CustomFieldView>(PATH, body), options);
}

const PLACES: Readonly<Partial<Record<string, string>>> = {
  product: "products",
  location: "locations",
  return: "returns",
};

async function set(
  subject: string,
  id: string,
  given: readonly string[],
  options: AccessOptions,
): Promise<void> {
  const place = PLACES[subject];
  if (place === undefined)
    throw wrong(`Values are set of a product, a location or a return, not of "${subject}".`);
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<CustomFieldView>>(`${PATH}?subject=${subject}`);
  const values = Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf("=");
      if (at < 1) throw wrong(`"${one}" is no key and value with a "=" between them.`);
      const [key, text] = [one.slice(0, at), one.slice(at + 1)];
      const type = items.find((field) => field.key === key)?.type ?? "text";
      return [key, text === "" ? null : readText({ type }, text)] as const;
    }),
  );
  const body: CustomValuesBody = { values };
  const answer = await rest.post<CustomValuesSet>(
    `/v1/${place}/${encodeURIComponent(id)}/custom-fields`,
    body,
  );
  if (options.json) printJson(answer);
  else {
    const rows = Object.entries(answer.customFields).map(([key, value]) => [key, String(value)]);
    print(rows.length === 0 ? "It has no values." : table(rows));
  }
}

function wrong(what: string): UserProblem {
  return new UserProblem("invalid_argument", what, "Correct the command line; --help has an example.", {
    exitStatus: 2,
  });
}

async function change(
  subject: Subject,
  key: string,
  given: Omit<ChangeCustomFieldBody, "version">,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const path = `${PATH}/${encodeURIComponent(subject)}/${encodeURIComponent(key)}`;
  const { version } = await rest.get<CustomFieldView>(path);
  tell(await rest.patch<CustomFieldView>(path, { version, ...given }), options);
}

function settingsOf({
  label,
  choice,
  required,
  attribute,
}: SetOptions): Omit<ChangeCustomFieldBody, "version" | "active"> {
  return {
    ...(label === undefined ? {} : { label }),
    ...(choice.length === 0 ? {} : { choices: choice }),
    ...(required === undefined ? {} : { required: yesOrNo("--required", required) }),
    ...(attribute === undefined ? {} : { attribute: attribute === "none" ? null : attribute }),
  };
}

function tell(field: CustomFieldView, options: AccessOptions): void {
  if (options.json) printJson(field);
  else
    print(`${paint("bold", `${field.subject} ${field.key}`)} ${field.active ? "is in use" : "is retired"}.`);
}
