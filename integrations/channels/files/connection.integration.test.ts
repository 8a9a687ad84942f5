import { describeConnection } from "../../../test-support/vendors/connection-contract.ts";
import { holdfastAdapter } from "../holdfast/adapter.ts";
import { filesVendor } from "./vendor.ts";

describeConnection(filesVendor(holdfastAdapter), { isOverFiles: true });
