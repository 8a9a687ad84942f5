import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { IssuedChannel } from "../../../../contract/channels.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { PersonalDataView } from "../personal-data/personal-data-view.tsx";
import { AccountList } from "./accounts/account-list.tsx";
import { AddChannelDialog } from "./add-channel-dialog.tsx";
import { ArchiveForm } from "./archive-form.tsx";
import { AuditList } from "./audit-list.tsx";
import { ChangeList } from "./change-list.tsx";
import { ChannelForm } from "./channel-form.tsx";
import { IssuedChannelDialog } from "./channel-webhook.tsx";
import { CompanyForm } from "./company-form.tsx";
import { CustomFieldList } from "./custom-fields/custom-field-list.tsx";
import { DeviceList } from "./device-list.tsx";
import { HoldReasonList } from "./hold-reasons/hold-reason-list.tsx";
import { HoldRulesForm } from "./hold-rules-form.tsx";
import { HolidaysForm } from "./holidays/holidays-form.tsx";
import { ImportsAndExports } from "./imports/imports-and-exports.tsx";
import { KeyList } from "./key-list.tsx";
import { LimitsForm } from "./limits-form.tsx";
import { LocationList } from "./location-list.tsx";
import { MailTemplates } from "./mails/mail-templates.tsx";
import { ParcelLimitsForm } from "./parcel-limits-form.tsx";
import { PeopleList } from "./people-list.tsx";
import { PickupRulesForms } from "./pickup-rules-form.tsx";
import { ReturnRulesForm } from "./return-rules-form.tsx";
import { RoleSettings } from "./role-settings.tsx";
import { SafetyStock } from "./safety-stock.tsx";
import { SourcingRulesForm } from "./sourcing-rules-form.tsx";
import { StockLimitsForm } from "./stock-limits-form.tsx";
import { WebhookList } from "./webhooks/webhook-list.tsx";

type View = {
  readonly value: string;
  readonly label: string;
  /** Without it the view is not offered. */
  readonly needs?: string;
};

const VIEWS: readonly View[] = [
  { value: "channels", label: "Channels" },
  { value: "holds", label: "Holds" },
  { value: "hold-reasons", label: "Hold reasons" },
  { value: "locations", label: "Locations" },
  { value: "holidays", label: "Holidays" },
  { value: "sourcing", label: "Sourcing" },
  { value: "safety", label: "Safety stock" },
  { value: "pickup", label: "Pickup" },
  { value: "parcels", label: "Parcels" },
  { value: "returns", label: "Returns" },
  { value: "mails", label: "Mails" },
  { value: "limits", label: "Limits" },
  { value: "stock", label: "Stock" },
  { value: "fields", label: "Custom fields" },
  { value: "devices", label: "Devices" },
  { value: "company", label: "Company" },
  { value: "people", label: "People", needs: "people.read" },
  { value: "keys", label: "Keys", needs: "keys.read" },
  { value: "accounts", label: "Accounts" },
  { value: "webhooks", label: "Webhooks", needs: "webhooks.read" },
  { value: "imports", label: "Import and export", needs: "catalog.read" },
  { value: "changes", label: "Changes" },
  { value: "roles", label: "Roles", needs: "roles.read" },
  { value: "personal-data", label: "Personal data", needs: "settings.read" },
  { value: "archive", label: "Archive", needs: "settings.read" },
  { value: "audit", label: "Audit", needs: "audit.read" },
];

/** Views whose setting is a channel's. */
const FORMS_OF_CHANNELS: ReadonlyMap<string, typeof ChannelForm> = new Map([
  ["channels", ChannelForm],
  ["holds", HoldRulesForm],
  ["returns", ReturnRulesForm],
]);

/** What people set while the system runs, and who changed it. View and channel are in the address. */
export function SettingsPage() {
  const { query, route } = useLocation();
  const view = query["view"] ?? "channels";
  const ofChannel = FORMS_OF_CHANNELS.get(view);
  const go = (next: string, channel?: string): void =>
    route(`/settings?view=${next}${channel === undefined ? "" : `&channel=${encodeURIComponent(channel)}`}`);
  return (
    <div class="page">
      <PageHead
        title="Settings"
        documentTitle="Settings"
        lead="What is changed here counts at once, without a restart."
      />
      <Chips
        label="Settings of"
        options={VIEWS.filter(({ needs }) => needs === undefined || may(needs))}
        value={view}
        onChange={(next) => go(next, query["channel"])}
      />
      {ofChannel !== undefined && (
        <OfChannel
          key={view}
          chosen={query["channel"]}
          onChoose={(channel) => go(view, channel)}
          adds={view === "channels"}
          form={ofChannel}
        />
      )}
      {view === "hold-reasons" && <HoldReasonList />}
      {view === "locations" && <LocationList />}
      {view === "holidays" && <HolidaysForm />}
      {view === "sourcing" && <SourcingRulesForm />}
      {view === "safety" && <SafetyStock />}
      {view === "pickup" && <PickupRulesForms />}
      {view === "parcels" && <ParcelLimitsForm />}
      {view === "mails" && <MailTemplates />}
      {view === "limits" && <LimitsForm />}
      {view === "stock" && <StockLimitsForm />}
      {view === "fields" && <CustomFieldList />}
      {view === "devices" && <DeviceList />}
      {view === "company" && <CompanyForm />}
      {view === "people" && <PeopleList />}
      {view === "keys" && <KeyList />}
      {view === "accounts" && <AccountList />}
      {view === "webhooks" && <WebhookList />}
      {view === "imports" && <ImportsAndExports />}
      {view === "changes" && <ChangeList />}
      {view === "roles" && <RoleSettings />}
      {view === "personal-data" && <PersonalDataView />}
      {view === "archive" && <ArchiveForm />}
      {view === "audit" && <AuditList />}
    </div>
  );
}

function OfChannel({
  chosen,
  onChoose,
  adds = false,
  form: ChosenForm,
}: {
  readonly chosen: string | undefined;
  /** Whether channels are made here. */
  readonly adds?: boolean;
  readonly onChoose: (channel: string) => void;
  readonly form: typeof ChannelForm;
}) {
  const [isAdding, setAdding] = useState(false);
  const [issued, setIssued] = useState<IssuedChannel | null>(null);
  const channels = useResource<Page<ChannelView>>("channels", (signal) => get("/channels", {}, signal));
  return (
    <Loaded resource={channels} skeleton={<SkeletonRows rows={6} />}>
      {({ items }) => {
        const channel = items.find(({ id }) => id === chosen) ?? items[0];
        const adding = adds && may("channels.write") && (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            Add a channel
          </button>
        );
        const dialogs = (
          <>
            {isAdding && (
              <AddChannelDialog
                onClose={() => setAdding(false)}
                onDone={(answer) => {
                  setAdding(false);
                  setIssued(answer);
                  channels.reload();
                  onChoose(answer.channel.id);
                }}
              />
            )}
            {issued !== null && <IssuedChannelDialog issued={issued} onClose={() => setIssued(null)} />}
          </>
        );
        if (channel === undefined)
          return (
            <>
              <Empty icon="settings" title="There are no channels yet">
                {adding}
              </Empty>
              {dialogs}
            </>
          );
        return (
          <>
            <div class="toolbar">
              <Field label="Channel">
                <select
                  class="select"
                  value={channel.id}
                  onChange={(event) => onChoose(event.currentTarget.value)}
                >
                  {items.map(({ id, name, active }) => (
                    <option key={id} value={id}>
                      {name}
                      {active ? "" : " (off)"}
                    </option>
                  ))}
                </select>
              </Field>
              {adding}
            </div>
            {dialogs}
            <ChosenForm key={channel.id} channel={channel} onChange={channels.reload} />
          </>
        );
      }}
    </Loaded>
  );
}
