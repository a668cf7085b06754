import assert from "node:assert/strict";
import { answerCredential, credentialHelper } from "./git_credential.ts";

Deno.test("the token goes to the hub it belongs to, scheme, host and port", () => {
  const hub = { url: "https://hub:3001/", token: "pcr_x" };
  const cases: [string, string][] = [
    [
      "protocol=https\nhost=hub:3001\npath=shop.git\n\n",
      "username=token\npassword=pcr_x\n",
    ],
    ["protocol=http\nhost=hub:3001\n", ""],
    ["protocol=https\nhost=hub\n", ""],
    ["protocol=https\nhost=hub:3001.example.org\n", ""],
    ["host\n=\n", ""],
    ["", ""],
  ];
  for (const [request, answer] of cases) {
    assert.equal(answerCredential(request, hub), answer, request);
  }
  const request = "protocol=https\nhost=hub:3001\n";
  assert.equal(answerCredential(request, { ...hub, token: undefined }), "");
  assert.equal(answerCredential(request, { ...hub, url: "hub" }), "");
});

Deno.test("the helper is one shell command, whatever its paths hold", () => {
  assert.equal(
    credentialHelper(["/opt/procurator"], "/home/me/it's mine/client.json"),
    `!/opt/procurator git-credential --client '/home/me/it'\\''s mine/client.json'`,
  );
});
