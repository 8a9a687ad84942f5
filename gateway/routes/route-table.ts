/** All routes of the REST API: the one source of router, permission matrix and `/openapi.json`. */
import type { Route } from "../http/route.ts";
import { accountRoutes } from "./account.ts";
import { auditRoutes } from "./audit.ts";
import { bulkRoutes } from "./bulk.ts";
import { catalogRoutes } from "./catalog.ts";
import { channelRoutes } from "./channels.ts";
import { claimRoutes } from "./claims.ts";
import { companyRoutes } from "./company.ts";
import { deviceRoutes } from "./devices.ts";
import { floorRoutes } from "./floor.ts";
import { fulfillmentRoutes } from "./fulfillment.ts";
import { keyRoutes } from "./keys.ts";
import { locationRoutes } from "./locations.ts";
import { orderRoutes } from "./orders.ts";
import { packingSlipRoutes } from "./packing-slips.ts";
import { peopleRoutes } from "./people.ts";
import { personalDataRoutes } from "./personal-data.ts";
import { refundRoutes } from "./refunds.ts";
import { returnRoutes } from "./returns.ts";
import { roleRoutes } from "./roles.ts";
import { savedViewRoutes } from "./saved-views.ts";
import { archiveRoutes } from "./settings/archive.ts";
import { channelAccountRoutes } from "./settings/channel-accounts.ts";
import { customFieldRoutes } from "./settings/custom-fields.ts";
import { holdReasonRoutes } from "./settings/hold-reasons.ts";
import { holidayRoutes } from "./settings/holidays.ts";
import { mailTemplateRoutes } from "./settings/mail-templates.ts";
import { vendorAccountRoutes } from "./settings/vendor-accounts.ts";
import { webhookSubscriptionRoutes } from "./settings/webhook-subscriptions.ts";
import { settingsRoutes } from "./settings.ts";
import { passkeyRoutes } from "./sign-in/passkeys.ts";
import { proofRoutes } from "./sign-in/proofs.ts";
import { sessionRoutes } from "./sign-in/sessions.ts";
import { singleSignOnRoutes } from "./sign-in/single-sign-on.ts";
import { stockRoutes } from "./stock.ts";
import { storeCreditRoutes } from "./store-credit.ts";
import { systemRoutes } from "./system.ts";
import { exportRoutes } from "./tables/exports.ts";
import { importRoutes } from "./tables/imports.ts";
import { trackingRoutes } from "./tracking.ts";
import { unknownItemRoutes } from "./unknown-items.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Every REST route. `/openapi.json` and `/v1/stream` are served beside it. */
export const routeTable: readonly Route[] = [
  ...sessionRoutes,
  ...proofRoutes,
  ...singleSignOnRoutes,
  ...accountRoutes,
  ...passkeyRoutes,
  ...peopleRoutes,
  ...keyRoutes,
  ...companyRoutes,
  ...savedViewRoutes,
  ...bulkRoutes,
  ...orderRoutes,
  ...stockRoutes,
  ...catalogRoutes,
  ...channelRoutes,
  ...channelAccountRoutes,
  ...locationRoutes,
  ...fulfillmentRoutes,
  ...packingSlipRoutes,
  ...floorRoutes,
  ...returnRoutes,
  ...unknownItemRoutes,
  ...refundRoutes,
  ...claimRoutes,
  ...storeCreditRoutes,
  ...deviceRoutes,
  ...settingsRoutes,
  ...mailTemplateRoutes,
  ...archiveRoutes,
  ...holidayRoutes,
  ...customFieldRoutes,
  ...holdReasonRoutes,
  ...vendorAccountRoutes,
  ...webhookSubscriptionRoutes,
  ...importRoutes,
  ...exportRoutes,
  ...roleRoutes,
  ...personalDataRoutes,
  ...auditRoutes,
  ...trackingRoutes,
  ...webhookRoutes,
  ...systemRoutes,
];
