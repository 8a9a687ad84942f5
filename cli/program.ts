/** Every command of `holdfast`, with the REST calls that its help names. */
import { Command } from "commander";
import { PACKAGE_VERSION } from "../config/package-version.ts";
import { addClaimCommand } from "./commands/after-sale/claim.ts";
import { addRefundCommand } from "./commands/after-sale/refund.ts";
import { addStoreCreditCommand } from "./commands/after-sale/store-credit.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addAuditOrdersCommand } from "./commands/audit-orders.ts";
import { addBulkCommand } from "./commands/bulk.ts";
import { addChannelCommand } from "./commands/channel.ts";
import { addChannelsCommand } from "./commands/channels.ts";
import { addCompanyCommand } from "./commands/company.ts";
import { addMigrateCommand } from "./commands/database/migrate.ts";
import { addDeviceCommand } from "./commands/device.ts";
import { addFulfillmentCommand } from "./commands/fulfillment.ts";
import { addKeyCommand } from "./commands/key.ts";
import { addLocationCommand } from "./commands/location.ts";
import { addMapSkuCommand } from "./commands/map-sku.ts";
import { addOrderCommand } from "./commands/order.ts";
import { addPersonalDataCommand } from "./commands/personal-data.ts";
import { addProductCommand } from "./commands/product.ts";
import { nameRestCalls } from "./commands/rest-calls.ts";
import { addReturnCommand } from "./commands/return.ts";
import { addRoleCommand } from "./commands/role.ts";
import { addBackupCommand } from "./commands/running/backup.ts";
import { addRestoreCommand } from "./commands/running/restore.ts";
import { addSecretsCommand } from "./commands/running/secrets.ts";
import { addSystemCommand } from "./commands/running/system.ts";
import { addSendCommand } from "./commands/send.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addAccountCommand } from "./commands/settings/account.ts";
import { addArchiveCommand } from "./commands/settings/archive.ts";
import { addCustomFieldCommand } from "./commands/settings/custom-field.ts";
import { addHoldReasonCommand } from "./commands/settings/hold-reason.ts";
import { addHolidayCommand } from "./commands/settings/holiday.ts";
import { addMailTemplateCommand } from "./commands/settings/mail-template.ts";
import { addWebhookCommand } from "./commands/settings/webhook.ts";
import { addSetupCommand } from "./commands/setup.ts";
import { addSimulateDayCommand } from "./commands/simulate-day.ts";
import { addSourcingRulesCommand } from "./commands/sourcing-rules.ts";
import { addStaffCommand } from "./commands/staff.ts";
import { addStartCommand } from "./commands/start.ts";
import { addStockCommand } from "./commands/stock.ts";
import { addExportCommand } from "./commands/tables/export.ts";
import { addImportCommand } from "./commands/tables/import.ts";

export function buildProgram(): Command {
  const program = new Command("holdfast")
    .description("A real-time order management system.")
    .version(PACKAGE_VERSION)
    .showSuggestionAfterError()
    // `order` is a command and has some of its own, with options of the same names: each takes what is behind
    // it.
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  $ npm start                                             everything on this machine
  $ npx holdfast send --channel shopify orders-create.json
  $ npx holdfast order shopify-820982911946154508 --watch
  $ npx holdfast simulate-day --orders 1000

Exit status: 0 all went well, 1 something did not, 2 the command line is wrong.`,
    );
  addStartCommand(program);
  addServeCommand(program);
  addSetupCommand(program);
  addSendCommand(program);
  addOrderCommand(program);
  addFulfillmentCommand(program);
  addReturnCommand(program);
  addRefundCommand(program);
  addClaimCommand(program);
  addStoreCreditCommand(program);
  addSimulateDayCommand(program);
  addMapSkuCommand(program);
  addAuditOrdersCommand(program);
  addProductCommand(program);
  addStockCommand(program);
  addDeviceCommand(program);
  addImportCommand(program);
  addExportCommand(program);
  addBulkCommand(program);
  addSystemCommand(program);
  addBackupCommand(program);
  addRestoreCommand(program);
  addCompanyCommand(program);
  addStaffCommand(program);
  addKeyCommand(program);
  addRoleCommand(program);
  addPersonalDataCommand(program);
  addAuditCommand(program);
  addChannelCommand(program);
  addChannelsCommand(program);
  addLocationCommand(program);
  addSourcingRulesCommand(program);
  addMailTemplateCommand(program);
  addHolidayCommand(program);
  addArchiveCommand(program);
  addCustomFieldCommand(program);
  addHoldReasonCommand(program);
  addWebhookCommand(program);
  addAccountCommand(program);
  addSecretsCommand(program);
  addMigrateCommand(program);
  nameRestCalls(program);
  sayWhatIsRequired(program);
  return program;
}

/** In the help, which otherwise says so only once an option is missing. */
function sayWhatIsRequired(command: Command): void {
  for (const option of command.options)
    if (option.mandatory) option.description = `${option.description} (required)`;
  for (const each of command.commands) sayWhatIsRequired(each);
}
