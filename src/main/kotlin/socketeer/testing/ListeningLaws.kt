package socketeer.testing

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import socketeer.AddressInUseException
import socketeer.BrokenException
import socketeer.ClosedException
import socketeer.Connection
import socketeer.ExhaustedException
import socketeer.Listener
import socketeer.RefusedException
import socketeer.StreamAddress
import socketeer.TcpAddress
import socketeer.TimedOutException
import socketeer.testing.Ability.EXHAUSTION
import socketeer.testing.Ability.LISTENING
import socketeer.testing.Ability.PORTS
import socketeer.testing.Ability.RESET

internal val listeningLaws =
    theme("listening") {
        law("the port 0 tells its real port", LISTENING, PORTS) {
            val bound = network().bind(address)
            val (one, two) = bound.listen() to listener()
            same(bound.local, one.local, "the same before and after listen")
            val ports = listOf(one, two).map { (it.local as TcpAddress).port }
            expect(0 !in ports && ports.distinct().size == 2) { "ports: $ports" }
            for (listener in listOf(one, two)) {
                val (near, far) = met(listener)
                same(near.remote, listener.local, "the client's remote")
                same(far.remote, near.local, "the server's remote")
            }
        }

        law("accept first or connect first, in any number", LISTENING) {
            val listener = listener()
            val waiting = begun { listener.accept().alsoEnds() }
            val one = connectTo(listener)
            one.send("1")
            same(waiting.await().getOrThrow().exactly(1).decodeToString(), "1", "accept first")
            val clients = List(20) { connectTo(listener).also { client -> client.send(byteArrayOf(it.toByte())) } }
            val accepted = List(20) { listener.accept().alsoEnds().exactly(1)[0].toInt() }
            same(accepted.sorted(), clients.indices.toList(), "connect first")
        }

        law(
            "beyond the backlog a connect waits or fails; who gets in is served, and the listener lives on",
            LISTENING,
        ) {
            val listener = listener(backlog = 1)
            val clients =
                List(4) {
                    async {
                        try {
                            connectTo(listener).let { it.send("x") }
                            true
                        } catch (_: RefusedException) {
                            false
                        } catch (_: TimedOutException) {
                            false
                        }
                    }
                }
            settle()
            val serving = launch { while (true) listener.accept().alsoEnds().let { launch { it.exactly(1) } } }
            expect(clients.awaitAll().any { it }) { "nobody got in" }
            connectTo(listener).send("y")
            serving.cancelAndJoin()
        }

        law("an address with an owner is AddressInUse, until that closes", LISTENING, PORTS) {
            val first = listener()
            val at = first.local
            fails<AddressInUseException>("bind and listen at $at") { network().bind(at).listen() }
            first.close()
            network().bind(at).listen().close()
        }

        law("connecting where nobody listens is Refused", LISTENING, PORTS) {
            val listener = listener()
            val at = listener.local
            listener.close()
            repeat(3) { fails<RefusedException>("connect") { network().connect(at) } }
            val again = network().bind(at).listen()
            met(again)
        }

        law("connecting to a socket that is bound but doesn't listen is Refused", LISTENING, PORTS) {
            val bound = network().bind(address)
            fails<RefusedException>("connect") { network().connect(bound.local) }
            bound.close()
        }

        law("a bound socket connects from its address", LISTENING, PORTS) {
            val listener = listener()
            val bound = network().bind(address)
            val near = bound.connect(listener.local).alsoEnds()
            val far = listener.accept().alsoEnds()
            same(near.local, bound.local, "local")
            same(far.remote, bound.local, "what the other side sees")
            near.send("x")
            same(far.exactly(1).decodeToString(), "x", "sent")
        }

        law("closing a listener ends those not yet accepted, and leaves the accepted", LISTENING) {
            val listener = listener()
            val (near, far) = met(listener)
            val waiting = connectTo(listener)
            listener.close()
            val end = runCatching { waiting.recv() }
            expect(end.getOrNull() == null) { "unaccepted, and got ${end.getOrNull()}" }
            end.onFailure { expect(it is BrokenException) { "unaccepted: $it" } }
            near.send("x")
            same(far.exactly(1).decodeToString(), "x", "the accepted one")
            fails<ClosedException>("accept") { listener.accept() }
        }

        law("peers that connect and reset before accept don't end the accept loop", LISTENING, RESET) {
            val listener = listener()
            repeat(10) { connectTo(listener).abort() }
            val good = connectTo(listener)
            good.send("x")
            var rounds = 0
            while (true) {
                expect(rounds++ < 11) { "more accepted than connected" }
                val accepted = listener.accept().alsoEnds()
                val first = runCatching { accepted.recv() }
                first.onFailure { expect(it is BrokenException) { "recv of one that gave up: $it" } }
                if (first.getOrNull() == bytes('x'.code)) break
            }
            met(listener)
        }

        law("peers that connect and close before accept are accepted with what they sent, then the end", LISTENING) {
            val listener = listener()
            repeat(10) {
                val client = connectTo(listener)
                client.send("bye$it")
                client.close()
            }
            repeat(10) { same(listener.accept().alsoEnds().toEnd().decodeToString(), "bye$it", "of one that left") }
        }

        law("a hundred come and go on one listener while it accepts", LISTENING) {
            val listener = listener()
            val serving =
                launch {
                    repeat(100) { listener.accept().let { launch { it.send(it.exactly(1)).also { _ -> it.close() } } } }
                }
            repeat(100) {
                val client = connectTo(listener)
                client.send("x")
                same(client.toEnd().decodeToString(), "x", "echo $it")
                client.close()
            }
            serving.join()
        }

        law("out of descriptors, accept is Exhausted; afterwards it works again", LISTENING, EXHAUSTION) {
            val listener = listener()
            val client = connectTo(listener)
            exhausted { repeat(3) { fails<ExhaustedException>("accept without descriptors") { listener.accept() } } }
            client.send("x")
            same(listener.accept().alsoEnds().exactly(1).decodeToString(), "x", "the one that waited")
            met(listener)
        }

        law("out of descriptors, connect and bind are Exhausted; afterwards they work again", LISTENING, EXHAUSTION) {
            val listener = listener()
            exhausted {
                fails<ExhaustedException>("connect") { connectTo(listener) }
                fails<ExhaustedException>("bind") { network().bind(address) }
            }
            met(listener)
        }
    }

private suspend fun Trial.connectTo(listener: Listener): Connection =
    network().connect(listener.local).alsoEnds()
