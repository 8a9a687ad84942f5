/** The contract of the mailer port, for every adapter in the registry, against its simulator. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Mailer } from "../../ports/notifications.ts";
import { type EveryVendor, startEveryVendor } from "../../test-support/vendors/every-vendor.ts";
import type { MailSummary } from "../simulator-kit/vendor-simulators.ts";
import { notificationVendors } from "./registry.ts";

let world: EveryVendor;
beforeAll(async () => {
  world = await startEveryVendor();
});
afterAll(() => world?.stop());

describe.each(notificationVendors.map((vendor) => [vendor.provider, vendor] as const))(
  "%s",
  (provider, vendor) => {
    let mailer: Mailer & { close(): void };
    beforeAll(async () => {
      mailer = await vendor.create(world.settings("notifications", provider));
    });
    afterAll(() => mailer?.close());

    const message = (key: string) => ({
      key,
      to: `${key}@shopper.example`,
      subject: `Your order ${key}`,
      text: "It is on its way, José.",
      html: "<p>It is on its way, José.</p>",
    });
    const arrived = async (key: string) =>
      (await world.audit<{ mails: MailSummary[] }>("mails")).mails.filter((mail) =>
        mail.to.includes(`${key}@shopper.example`),
      );

    test("a message arrives as it was written", async () => {
      await mailer.send(message("whole"));
      const [mail] = await arrived("whole");
      expect(mail?.subject).toBe("Your order whole");
      const text = await (await fetch(`${world.url}/inbox/${mail?.id}/text`)).text();
      expect(text.trim()).toBe("It is on its way, José.");
    });

    test("a repeat of a key is recognised by whoever receives it", async () => {
      await mailer.send(message("again"));
      await mailer.send(message("again"));
      await mailer.send(message("other"));
      const ids = [...(await arrived("again")), ...(await arrived("other"))].map((mail) => mail.messageId);
      expect(ids).toHaveLength(3);
      expect(new Set(ids).size).toBe(2);
    });

    test("what is refused for good is a fault that is not worth repeating", async () => {
      const huge = { ...message("huge"), text: "x".repeat(6 * 1024 * 1024) };
      await expect(mailer.send(huge)).rejects.toMatchObject({ name: "ServiceFault", retryable: false });
      expect(await arrived("huge")).toEqual([]);
    });

    test("a service that cannot be reached is a fault to repeat", async () => {
      const nobody = await vendor.create(world.settings("notifications", provider, "nobody there"));
      await expect(nobody.send(message("lost"))).rejects.toMatchObject({
        name: "ServiceFault",
        service: provider,
        code: "network_error",
        retryable: true,
      });
      nobody.close();
    });
  },
);
