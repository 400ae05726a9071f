"use strict";
// The platform's name of a VM leads to this fleet's gateway, in every program of Node that loads this first.
const net = require("node:net");

const [, host, port] = /^(.*):(\d+)$/.exec(process.env.COCKPIT_GATEWAY || "") || [];
const PLATFORM_PORT = 443;

// What is to be connected to instead; the name stays what TLS says to the server and checks of it.
function led(options) {
    const meant = options && typeof options.host === "string" && /\.vm\.vers\.sh\.?$/i.test(options.host);
    return meant && Number(options.port) === PLATFORM_PORT ? { ...options, host, port: Number(port) } : options;
}

if (host) {
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (...given) {
        const [first, second] = given;
        if (Array.isArray(first)) {
            first[0] = led(first[0]); // So the functions of net and tls hand it over.
        } else if (first !== null && typeof first === "object") {
            given[0] = led(first);
        } else if (typeof second === "string") {
            const options = { host: second, port: first };
            if (led(options) !== options) given.splice(0, 2, led(options));
        }
        return connect.apply(this, given);
    };
}
