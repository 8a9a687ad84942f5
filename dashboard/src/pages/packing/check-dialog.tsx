import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Form } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { CheckFields, checkedOf } from "./check-fields.tsx";
import { packOrder } from "./pack-order.ts";

/** Goods without tags are scanned, weighed or counted; only then they are packed. */
export function CheckDialog({
  item,
  revision,
  onClose,
  onDone,
}: {
  readonly item: WaitingFulfillmentOrder;
  /** That the packer has seen. */
  readonly revision: number;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Check ${item.id}`} onClose={onClose}>
      <Form
        submit="Packed"
        onSubmit={async (fields, key) => {
          const outcome = await packOrder(item.id, { revision, ...checkedOf(fields, item.lines) }, key);
          if (outcome === "packed") toast("good", `${item.id} is packed.`);
          else toast("bad", `${item.id} is not packed: its order has changed.`);
          onDone();
        }}
      >
        <CheckFields lines={item.lines} />
      </Form>
    </Dialog>
  );
}
