/** The company of who asks. */
import { ChangeCompanyBody, Companies, CompanyView } from "../../contract/company.ts";
import { changeCompany, companySubject } from "../../operations/company/change-company.ts";
import { readCompany, readCompanyIdentity } from "../../store/catalog/companies.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, found, type Route, route } from "../http/route.ts";

export const companyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/companies",
    summary: "Whose system this is, and other companies' systems that a person may go to",
    access: { kind: "public" },
    reply: Companies,
    handle: async ({ services }) => {
      const { name } = found(await readCompanyIdentity(services.database), "company");
      return { json: { name, others: services.otherCompanies } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/company",
    summary: "The company: name, time zone, currency, GS1 prefix",
    access: { kind: "permission", permission: "settings.read" },
    reply: CompanyView,
    handle: async (call) => ({ json: await companyOf(call) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/company",
    summary: "Changes name, time zone, currency or GS1 prefix; what is left out stays as it is",
    access: { kind: "permission", permission: "company.write" },
    body: ChangeCompanyBody,
    reply: CompanyView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await changeCompany(call.services.operations, companyId, call.body, by));
      return { json: await companyOf(call) };
    },
  }),
];

async function companyOf(call: Call<unknown, unknown>): Promise<CompanyView> {
  const { companyId } = callerOf(call);
  const { database } = call.services;
  const company = found(await readCompany(database, companyId), "company");
  return { ...company, version: await settingVersion(database, companySubject(companyId)) };
}
