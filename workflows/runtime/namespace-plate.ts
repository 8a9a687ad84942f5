/**
 * Which company a Temporal namespace belongs to. Workflow ids are order ids, and companies' orders may have
 * the same names: in one namespace the sagas of one would be told of the other's orders.
 *
 * The server itself keeps the name plate: a workflow of a fixed id, which no worker ever runs and which never
 * ends. Temporal starts a workflow of an id once, so that of two companies that come at the same time one
 * gets it.
 */
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import type { CompanyIdentity } from "../../store/catalog/companies.ts";

/** Workflow id, type and task queue of the plate. Nobody polls the queue. */
const PLATE = "holdfast-company";

/** Tries where a plate is taken away between our two looks. */
const TRIES = 3;

/**
 * Makes the namespace the company's, or finds that it is the company's already.
 *
 * @returns null: it is the company's; otherwise the name of the company that has it
 */
export async function takeNamespace(client: Client, company: CompanyIdentity): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.workflow.start(PLATE, {
        workflowId: PLATE,
        taskQueue: PLATE,
        workflowIdConflictPolicy: "FAIL",
        workflowIdReusePolicy: "ALLOW_DUPLICATE",
        memo: { identity: company.identity, name: company.name },
      });
      return null;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const plate = await readPlate(client);
    if (plate !== null) return otherThan(company, plate);
    if (attempt === TRIES) throw new Error("the name plate of the namespace comes and goes");
  }
}

/**
 * Looks, and changes nothing.
 *
 * @returns null: it is the company's, or nobody's; otherwise the name of the company that has it
 */
export async function companyOfNamespace(client: Client, company: CompanyIdentity): Promise<string | null> {
  const plate = await readPlate(client);
  return plate === null ? null : otherThan(company, plate);
}

function otherThan(company: CompanyIdentity, plate: CompanyIdentity): string | null {
  return plate.identity === company.identity ? null : plate.name;
}

async function readPlate(client: Client): Promise<CompanyIdentity | null> {
  try {
    const { status, memo } = await client.workflow.getHandle(PLATE).describe();
    if (status.name !== "RUNNING") return null;
    return { identity: String(memo?.["identity"]), name: String(memo?.["name"] ?? "another company") };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
