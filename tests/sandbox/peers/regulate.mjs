// Segment's own SDK of the Public API files a regulation and asks how far it is; what it read is the output.

import { createRequire } from "node:module";

const { DeletionAndSuppressionApi, TestingApi } = createRequire(import.meta.url)("@segment/public-api-sdk-typescript");
const [url, token, ...users] = process.argv.slice(2);

function signed(api, accessToken) {
  api.setDefaultAuthentication({
    applyToRequest: (request) => {
      request.headers.Authorization = `Bearer ${accessToken}`;
    },
  });
  return api;
}

const regulations = signed(new DeletionAndSuppressionApi(url), token);
const asked = { regulationType: "SUPPRESS_WITH_DELETE", subjectType: "USER_ID", subjectIds: users };
const filed = (await regulations.createWorkspaceRegulation(asked)).body.data;
const found = (await regulations.getRegulation(filed.regulateId)).body.data;
const stranger = signed(new TestingApi(url), "wrong");
const report = {
  echo: (await signed(new TestingApi(url), token).echo("hello")).body.data,
  filed,
  regulation: found.regulation,
  refused: await stranger.echo("hello").catch((error) => error.statusCode),
};
process.stdout.write(JSON.stringify(report));
