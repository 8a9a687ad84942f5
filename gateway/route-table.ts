import type { Route } from "./route.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { fulfillmentRoutes } from "./routes/fulfillment.ts";
import { orderRoutes } from "./routes/orders.ts";
import { returnRoutes } from "./routes/returns.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { stockRoutes } from "./routes/stock.ts";
import { systemRoutes } from "./routes/system.ts";
import { trackingRoutes } from "./routes/tracking.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** Every REST route. `/openapi.json` and `/v1/stream` are served beside it. */
export const routeTable: readonly Route[] = [
  ...sessionRoutes,
  ...orderRoutes,
  ...stockRoutes,
  ...catalogRoutes,
  ...fulfillmentRoutes,
  ...returnRoutes,
  ...trackingRoutes,
  ...webhookRoutes,
  ...systemRoutes,
];
