package socketeer.java;

import socketeer.DatagramAddress;

/** A message with its boundaries: its {@code data}, perhaps none, and where it came {@code from}. */
public record Datagram(Bytes data, DatagramAddress from) {}
