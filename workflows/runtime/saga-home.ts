/**
 * Sagas and their database belong together: this sees to it that a process works only where both are of one
 * life, and starts sagas anew where Temporal's memory of them is lost.
 *
 * H1. The database is right. What Temporal knew can be worked out from it (`order-fulfillment.ts`, O4 and
 *     O5).
 * H2. A namespace that has sagas is never taken for another life of the database: there they would go on from
 *     steps that this database has never seen, and their ids would be taken.
 * H3. A namespace is one company's, from the first start on, whether it has sagas yet or not
 *     (`namespace-plate.ts`).
 * H4. All sagas are told to start in the transaction that marks their new home: a process that dies in
 *     between has done nothing, and one that comes second finds it done.
 */
import type { Client, Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import { askAboutAllParcels } from "../../store/floor/shipments.ts";
import { finishOutbox, writeOutbox } from "../../store/outbox.ts";
import {
  hasOrders,
  lockSagaHome,
  readRecently,
  readSagaHome,
  readSagasUnderWay,
  type SagaHome,
  type SagaUnderWay,
  setSagaHome,
} from "../../store/saga-home.ts";
import {
  type Database,
  type DatabaseClient,
  inTransaction,
  type Queryable,
} from "../../store/sql/database.ts";
import {
  type Again,
  type OrderMessage,
  type RefundInput,
  type RefundMessage,
  type ReturnMessage,
  startAgainRow,
  TASK_QUEUE,
  type WorkflowStart,
} from "../messages.ts";
import { companyOfNamespace, takeNamespace } from "./namespace-plate.ts";

/** The namespace is another company's, or has sagas that are not this database's. Nothing was changed. */
export class SagaNamespaceTakenError extends Error {
  override readonly name = "SagaNamespaceTakenError";
  readonly code = "saga_namespace_taken";
  readonly namespace: string;

  /** @param by its company where it is another one's, or how many sagas it has */
  constructor(namespace: string, by: { readonly company: string } | { readonly sagas: number }) {
    super(
      "company" in by
        ? `Temporal's namespace ${namespace} belongs to another company: ${by.company}`
        : `Temporal's namespace ${namespace} has ${by.sagas} sagas of another database, or of this one before it was restored`,
    );
    this.namespace = namespace;
  }
}

const PAGE = 2_000;

/**
 * Whether the sagas of this database may be in the namespace, as far as can be said without changing
 * anything.
 *
 * @throws SagaNamespaceTakenError
 */
export async function checkNamespace(options: {
  readonly database: Database;
  readonly connection: Connection;
  readonly client: Client;
  readonly namespace: string;
}): Promise<void> {
  const { database, connection, client, namespace } = options;
  const namespaceId = await readNamespaceId(connection, namespace);
  const home = await readSagaHome(database);
  await requireOwnNamespace(database, client, namespace, companyOfNamespace);
  await requireOwnSagas(database, client, { namespace, namespaceId, home });
}

async function readNamespaceId(connection: Connection, namespace: string): Promise<string> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  const id = namespaceInfo?.id ?? "";
  if (id === "") throw new Error(`Temporal gives namespace ${namespace} no id`);
  return id;
}

/**
 * H2. The first start of a version that keeps a mark of the home finds the sagas of its orders, which are its
 * own.
 */
async function requireOwnSagas(
  database: Queryable,
  client: Client,
  at: { readonly namespace: string; readonly namespaceId: string; readonly home: SagaHome | null },
): Promise<void> {
  const { namespace, namespaceId, home } = at;
  if (home?.namespaceId === namespaceId || (home === null && (await hasOrders(database)))) return;
  const { count } = await client.workflow.count(`TaskQueue = '${TASK_QUEUE}'`);
  if (count > 0) throw new SagaNamespaceTakenError(namespace, { sagas: count });
}

/** H3. A database without a company has nothing that could meet another one's. @param ask looks, or takes */
async function requireOwnNamespace(
  database: Queryable,
  client: Client,
  namespace: string,
  ask: typeof takeNamespace,
): Promise<void> {
  const company = await readCompanyIdentity(database);
  const holder = company === null ? null : await ask(client, company);
  if (holder !== null) throw new SagaNamespaceTakenError(namespace, { company: holder });
}

/**
 * Starts everything anew that is under way, where Temporal does not know it.
 *
 * @returns how many sagas are started anew; null: the sagas are where they were
 * @throws SagaNamespaceTakenError
 */
export async function settleSagas(options: {
  readonly database: Database;
  readonly connection: Connection;
  readonly client: Client;
  readonly namespace: string;
  readonly logger: Logger;
  /** How many sagas are read at a time. */
  readonly pageSize?: number;
}): Promise<number | null> {
  const { database, connection, client, namespace, logger } = options;
  const namespaceId = await readNamespaceId(connection, namespace);
  const started = await inTransaction(database, async (transaction) => {
    const home = await lockSagaHome(transaction);
    await requireOwnNamespace(transaction, client, namespace, companyOfNamespace);
    await requireOwnSagas(transaction, client, { namespace, namespaceId, home });
    await requireOwnNamespace(transaction, client, namespace, takeNamespace);
    if (home?.namespaceId === namespaceId) return null;
    if (home === null) {
      // The first start on this database, or the first one of a version that keeps this mark.
      await setSagaHome(transaction, { namespaceId, run: 0 });
      return null;
    }
    const run = home.run + 1;
    await setSagaHome(transaction, { namespaceId, run });
    // What carriers told the machine that is lost, they do not tell again.
    await askAboutAllParcels(transaction);
    return startAll(transaction, run, options.pageSize ?? PAGE);
  });
  if (started !== null)
    logger.warn(
      { sagas: started, namespace },
      "Temporal knows nothing of this database: sagas are started anew",
    );
  return started;
}

async function startAll(client: DatabaseClient, run: number, pageSize: number): Promise<number> {
  const recently = await readRecently(client);
  let started = 0;
  let after = "";
  for (;;) {
    const page = await readSagasUnderWay(client, { recently, after, limit: pageSize });
    await writeOutbox(
      client,
      page.map((saga) => startAgainRow(startOf(saga, run), run)),
    );
    // Each is given with the start. Left in the outbox it would wait for the start, and the start for it.
    const untold = page.flatMap((saga) => saga.untold);
    await finishOutbox(
      client,
      untold.map((id) => ({ id, note: "given to the saga with its start" })),
    );
    started += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return started;
    after = last.workflowId;
  }
}

function startOf(saga: SagaUnderWay, run: number): WorkflowStart {
  const { workflow, workflowId, orderId, channelId } = saga;
  const again = <Message>(): Again<Message> => ({
    run,
    messages: saga.messages as unknown as readonly Message[],
  });
  switch (workflow) {
    case "orderFulfillment": {
      const input = { orderId, channelId, onHold: saga.onHold, again: again<OrderMessage>() };
      return { workflow, workflowId, args: [input] };
    }
    case "returnAuthorization": {
      const input = { returnId: workflowId, orderId, channelId, again: again<ReturnMessage>() };
      return { workflow, workflowId, args: [input] };
    }
    case "refundPayment": {
      const first = saga.input as RefundInput | null;
      const attempt = first?.attempt === undefined ? {} : { attempt: first.attempt };
      const input = { refundId: workflowId, orderId, channelId, ...attempt, again: again<RefundMessage>() };
      return { workflow, workflowId, args: [input] };
    }
    // They were told everything when they were started.
    case "claimReceipt":
    case "resendNotice":
      return { workflow, workflowId, args: [saga.input] } as unknown as WorkflowStart;
    default: {
      const unreachable: never = workflow;
      return unreachable;
    }
  }
}
