/**
 * `VmSpec` of common.capnp and of roles/model.
 *
 * @module
 */
import { parseFast } from "./accept.ts";
import { type Constraint, VmSpec } from "../../roles/model/vm_spec.ts";
import type * as wire from "../generated/common.ts";
import {
  fromPairs,
  invert,
  mapped,
  type Plain,
  setGiven,
  toPairs,
} from "./plain.ts";

const STRATEGY = {
  rolling: "rolling",
  canary: "canary",
  "blue-green": "blueGreen",
} as const satisfies Record<
  VmSpec["update"]["strategy"],
  wire.UpdateStrategy
>;
const POLICY = {
  always: "always",
  "on-failure": "onFailure",
  never: "never",
} as const satisfies Record<VmSpec["restart"]["policy"], wire.RestartPolicy>;
const OPERATOR = {
  "=": "equal",
  "!=": "notEqual",
  in: "in",
  version: "version",
  regexp: "regexp",
} as const satisfies Record<Constraint["operator"], wire.RuleOperator>;
const STRATEGY_BACK = invert(STRATEGY);
const POLICY_BACK = invert(POLICY);
const OPERATOR_BACK = invert(OPERATOR);

export function vmSpecToWire(spec: VmSpec): wire.VmSpecInput {
  const { update, restart, network, budget } = spec;
  return {
    name: spec.name,
    cpuMilli: spec.cpuMilli,
    memoryMib: spec.memoryMib,
    replicas: spec.replicas,
    priority: spec.priority,
    fencing: spec.fencing,
    image: spec.image,
    labels: toPairs(spec.labels),
    env: toPairs(spec.env),
    network,
    volumes: spec.volumes,
    healthChecks: spec.healthChecks,
    update: { ...update, strategy: STRATEGY[update.strategy] },
    restart: { ...restart, policy: POLICY[restart.policy] },
    constraints: spec.constraints.map(ruleToWire),
    affinities: spec.affinities.map((each) => ({
      ...ruleToWire(each),
      weight: each.weight,
    })),
    spread: spec.spread,
    dependsOn: spec.dependsOn,
    budgetBootMs: budget.bootMs,
    budgetClosureMib: budget.closureMib,
    backend: spec.backend,
  };
}

function ruleToWire(rule: Constraint): wire.RuleInput {
  const { attribute, operator, value } = rule;
  const isList = Array.isArray(value);
  return {
    attribute,
    operator: OPERATOR[operator],
    values: isList ? value : [value],
    isList,
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function vmSpecFromWire(spec: wire.VmSpec): VmSpec {
  return parseFast(VmSpec, vmSpecPlain(spec), { what: `VM "${spec.name}"` });
}

/** The spec as zod takes it: what stands for "not given" is left out. */
export function vmSpecPlain(spec: wire.VmSpec): unknown {
  const { name, image, network, update, restart } = spec;
  const budget: Plain = {};
  setGiven(budget, "bootMs", spec.budgetBootMs);
  setGiven(budget, "closureMib", spec.budgetClosureMib);
  const plain: Plain = {
    name,
    cpuMilli: spec.cpuMilli,
    memoryMib: spec.memoryMib,
    replicas: spec.replicas,
    priority: spec.priority,
    fencing: spec.fencing,
    image: image === undefined ? undefined : imagePlain(image),
    labels: fromPairs(spec.labels, () => `labels of VM "${name}"`),
    env: fromPairs(spec.env, () => `env of VM "${name}"`),
    network: network === undefined ? undefined : networkPlain(network),
    volumes: spec.volumes,
    healthChecks: spec.healthChecks.map(healthCheckPlain),
    update: update === undefined ? undefined : updatePlain(update),
    restart: restart === undefined ? undefined : {
      policy: mapped(POLICY_BACK, restart.policy),
      delayMs: restart.delayMs,
      maxDelayMs: restart.maxDelayMs,
    },
    constraints: spec.constraints.map(rulePlain),
    affinities: spec.affinities.map((rule) => {
      const plain = rulePlain(rule);
      plain.weight = rule.weight;
      return plain;
    }),
    spread: spec.spread.map(({ attribute, weight }) => ({ attribute, weight })),
    dependsOn: spec.dependsOn,
    budget,
  };
  setGiven(plain, "backend", spec.backend);
  return plain;
}

function imagePlain(image: wire.Image): Plain {
  const plain: Plain = {
    toplevel: image.toplevel,
    kernelPath: image.kernelPath,
    initrdPath: image.initrdPath,
    cmdline: image.cmdline,
    root: image.root,
  };
  setGiven(plain, "diskImagePath", image.diskImagePath);
  return plain;
}

function networkPlain(network: wire.Network): Plain {
  const plain: Plain = {
    allowedDomains: network.allowedDomains,
    allowedPeers: network.allowedPeers,
    ports: network.ports.map(portPlain),
  };
  setGiven(plain, "rateLimitMbit", network.rateLimitMbit);
  return plain;
}

function portPlain({ name, guest, publish }: wire.Port): Plain {
  const plain: Plain = { name, guest };
  setGiven(plain, "publish", publish);
  return plain;
}

function healthCheckPlain(check: wire.HealthCheck): Plain {
  const plain: Plain = {
    name: check.name,
    kind: check.kind,
    intervalMs: check.intervalMs,
    timeoutMs: check.timeoutMs,
    graceMs: check.graceMs,
    successes: check.successes,
    failures: check.failures,
  };
  setGiven(plain, "port", check.port);
  setGiven(plain, "path", check.path);
  setGiven(plain, "match", check.match);
  if (check.command.length > 0) plain.command = check.command;
  return plain;
}

function updatePlain(update: wire.Update): Plain {
  const plain: Plain = {
    strategy: mapped(STRATEGY_BACK, update.strategy),
    maxParallel: update.maxParallel,
    canary: update.canary,
    minHealthyTimeMs: update.minHealthyTimeMs,
    healthyDeadlineMs: update.healthyDeadlineMs,
    progressDeadlineMs: update.progressDeadlineMs,
    autoRevert: update.autoRevert,
    autoPromote: update.autoPromote,
  };
  if (update.minAvailable !== -1) plain.minAvailable = update.minAvailable;
  return plain;
}

function rulePlain(rule: wire.Rule): Plain {
  const { attribute, operator, values, isList } = rule;
  return {
    attribute,
    operator: mapped(OPERATOR_BACK, operator),
    value: isList ? values : values[0] ?? "",
  };
}
