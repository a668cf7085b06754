/**
 * The guest channel: one protocol to the inside of a guest, over virtio-serial
 * or vsock.
 *
 * @module
 */
export { GuestChannels } from "./channels.ts";
export * from "./guest.ts";
