import assert from "node:assert/strict";
import { AppError } from "../../../model/errors.ts";
import { chooseVmmUser, userIn } from "./vmm_user_choice.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/bash
broken:x:one:two::/:
procurator-vmm:x:980:105::/nonexistent:/usr/sbin/nologin
vm:x:981:106::/nonexistent:/usr/sbin/nologin
`;
const without = PASSWD.replace("procurator-vmm", "somebody");
const code = (error: unknown) => (error as AppError).code;

Deno.test("userIn() reads ids, and nothing from a broken line", () => {
  assert.deepEqual(userIn(PASSWD, "vm"), { uid: 981, gid: 106 });
  assert.equal(userIn(PASSWD, "broken"), null);
  assert.equal(userIn("", "vm"), null);
});

Deno.test("chooseVmmUser() takes the usual user where there is one and we are root", () => {
  const user = { uid: 980, gid: 105 };
  const choose = chooseVmmUser;
  assert.deepEqual(choose(undefined, { passwd: PASSWD, uid: 0 }), user);
  assert.equal(choose(undefined, { passwd: without, uid: 0 }), undefined);
  assert.equal(choose(undefined, { passwd: PASSWD, uid: 1000 }), undefined);
});

Deno.test("chooseVmmUser() does as it is told", () => {
  const root = { passwd: PASSWD, uid: 0 };
  assert.deepEqual(chooseVmmUser("vm", root), { uid: 981, gid: 106 });
  const ids = { uid: 5, gid: 6 };
  assert.deepEqual(chooseVmmUser(ids, root), ids);
  assert.equal(chooseVmmUser("worker", root), undefined);
  assert.equal(chooseVmmUser("vm", { passwd: PASSWD, uid: 981 }), undefined);
});

Deno.test("chooseVmmUser() refuses what cannot be", () => {
  assert.throws(
    () => chooseVmmUser("nobody-here", { passwd: PASSWD, uid: 0 }),
    (error) => code(error) === "invalid",
  );
  assert.throws(
    () => chooseVmmUser("vm", { passwd: PASSWD, uid: 1000 }),
    (error) => code(error) === "refused",
  );
});
