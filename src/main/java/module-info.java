/**
 * Sockets: a server in a few lines, on one select loop that nobody sees.
 *
 * <p>What its signatures name is required transitively; ktor's modules have names but no descriptors yet, which is all
 * that javac has to say against it.
 */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.github.socketeer {
    requires transitive kotlin.stdlib;
    requires transitive kotlinx.coroutines.core;
    requires transitive kotlinx.io.core;
    requires transitive kotlinx.io.bytestring;
    requires transitive kotlinx.serialization.core;
    requires transitive io.ktor.network;

    // ktor's, which can't ask for it without a descriptor; and socketeer.watch's.
    requires transitive org.slf4j;

    requires jdk.net; // ExtendedSocketOptions, UnixDomainPrincipal
    requires jdk.unsupported; // sun.misc.Signal
    requires jdk.management; // socketeer.testing: what a law's body allocates, and the time it takes of a processor

    // Without them, what needs them says so: the flight recorder, Unix datagrams, the laws as Kotest's tests, the
    // compiler of scripts.
    requires static jdk.jfr;
    requires static org.newsclub.net.unix;
    requires static kotest.framework.engine.jvm;
    requires static kotest.property.jvm;
    requires static kotlin.scripting.jvm;
    requires static kotlin.scripting.common;

    exports socketeer;
    exports socketeer.java;
    exports socketeer.java.testing;
    exports socketeer.loop;
    exports socketeer.testing;
    exports socketeer.watch;
}
