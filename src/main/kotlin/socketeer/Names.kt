package socketeer

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.withContext
import java.io.IOException
import java.net.InetAddress
import java.net.UnknownHostException
import java.nio.file.Files
import java.nio.file.Path

/*
 * The names that aren't hosts to connect to: this machine's, services' and protocols'. What reads a file or asks the
 * system does so on a thread for such things, and a caller that is cancelled doesn't wait for it.
 */

/** This machine's own name, as `gethostname`. @throws NameNotFoundException if the system doesn't say */
public suspend fun hostName(): String = aside { readHostName() } ?: throw NameNotFoundException("this host has no name")

/**
 * This machine's name with its domain, as `getfqdn`; where the resolver knows none, [hostName].
 *
 * @throws NameNotFoundException if the system doesn't say
 */
public suspend fun fullHostName(): String {
    val name = hostName()
    return aside {
        try {
            InetAddress.getByName(name).canonicalHostName.takeIf { '.' in it && Ip.parseOrNull(it) == null }
        } catch (_: UnknownHostException) {
            null
        }
    } ?: name
}

/**
 * The port of the service called [name] over [protocol], from the system's services file, as `getservbyname`.
 *
 * @throws NameNotFoundException naming both
 */
public suspend fun servicePort(name: String, protocol: String = "tcp"): Int =
    services().firstOrNull { it.protocol == protocol && name in it.names }?.port
        ?: throw NameNotFoundException("service $name/$protocol: not in the system's services")

/** The name of the service on [port] over [protocol], as `getservbyport`. @throws NameNotFoundException naming both */
public suspend fun serviceName(port: Int, protocol: String = "tcp"): String {
    require(port in 0..MAX_PORT) { "a port is 0..$MAX_PORT, was $port" }
    return services().firstOrNull { it.protocol == protocol && it.port == port }?.names?.first()
        ?: throw NameNotFoundException("service on port $port/$protocol: not in the system's services")
}

/** The number of the protocol called [name], as `getprotobyname`: 6 for `tcp`. @throws NameNotFoundException */
public suspend fun protocolNumber(name: String): Int =
    aside { entries("protocols", PROTOCOLS) }.firstOrNull { name in it.names }?.number?.toIntOrNull()
        ?: throw NameNotFoundException("protocol $name: not in the system's protocols")

/** What [block], which may block, gives; cancellation doesn't wait for it. */
internal suspend fun <T> aside(block: () -> T): T =
    CoroutineScope(Dispatchers.IO).async { runCatching(block) }.await().getOrThrow()

/** The same for what opens or removes something: it is brief, and who is cancelled meanwhile still has what it made. */
internal suspend fun <T> asideWhole(block: () -> T): T = withContext(NonCancellable) { aside(block) }

private fun readHostName(): String? = read(Path.of("/proc/sys/kernel/hostname"))?.trim()?.ifEmpty { null }
    ?: System.getenv("COMPUTERNAME") ?: System.getenv("HOSTNAME")
    ?: try {
        InetAddress.getLocalHost().hostName
    } catch (_: UnknownHostException) {
        null
    }

private class Service(val names: List<String>, val port: Int, val protocol: String)

private suspend fun services(): List<Service> = aside { entries("services", SERVICES) }.mapNotNull { entry ->
    entry.number.substringBefore('/').toIntOrNull()?.let {
        Service(entry.names, it, entry.number.substringAfter('/'))
    }
}

/** A line of those files: a name, a number, other names. services(5), protocols(5) */
private class Entry(val names: List<String>, val number: String)

private fun entries(file: String, fallback: String): List<Entry> =
    (FOLDERS.firstNotNullOfOrNull { read(Path.of(it, file)) } ?: fallback).lines().mapNotNull { line ->
        val words = line.substringBefore('#').trim().split(Regex("\\s+"))
        if (words.size < 2) null else Entry(listOf(words[0]) + words.drop(2), words[1])
    }

private fun read(path: Path): String? = try {
    Files.readString(path)
} catch (_: IOException) {
    null
}

private val FOLDERS = listOf("/etc", "${System.getenv("SystemRoot")}\\System32\\drivers\\etc")

/** For systems with no such file: what programs ask for most, by IANA's registry. */
private const val SERVICES = """
echo 7/tcp
echo 7/udp
discard 9/tcp
discard 9/udp
daytime 13/tcp
daytime 13/udp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
time 37/tcp
time 37/udp
domain 53/tcp
domain 53/udp
tftp 69/udp
http 80/tcp www
pop3 110/tcp
ntp 123/udp
imap2 143/tcp imap
snmp 161/udp
ldap 389/tcp
https 443/tcp
syslog 514/udp
imaps 993/tcp
pop3s 995/tcp
mysql 3306/tcp
postgresql 5432/tcp
redis 6379/tcp
"""

private const val PROTOCOLS = """
ip 0 IP
icmp 1 ICMP
igmp 2 IGMP
tcp 6 TCP
udp 17 UDP
ipv6 41 IPv6
gre 47 GRE
esp 50 IPSEC-ESP
ah 51 IPSEC-AH
ipv6-icmp 58 IPv6-ICMP
sctp 132 SCTP
"""
