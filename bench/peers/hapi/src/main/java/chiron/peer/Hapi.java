package chiron.peer;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.IDaoRegistry;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HibernatePropertiesProvider;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.config.util.ResourceCountCacheUtil;
import ca.uhn.fhir.jpa.dao.FulltextSearchSvcImpl;
import ca.uhn.fhir.jpa.dao.IFulltextSearchSvc;
import ca.uhn.fhir.jpa.dao.search.HSearchSortHelperImpl;
import ca.uhn.fhir.jpa.dao.search.IHSearchSortHelper;
import ca.uhn.fhir.jpa.interceptor.UserRequestRetryVersionConflictsInterceptor;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.provider.DaoRegistryResourceSupportedSvc;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.search.IStaleSearchDeletingSvc;
import ca.uhn.fhir.jpa.search.StaleSearchDeletingSvcImpl;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.util.ResourceCountCache;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.IResourceSupportedSvc;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.hibernate.dialect.Dialect;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.web.embedded.EmbeddedWebServerFactoryCustomizerAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

/**
 * HAPI FHIR JPA for R4 over PostgreSQL, with its defaults but one: a repeated search is searched again, since requests of
 * a load repeat more than people's. Arguments: port, JDBC address, user. Prints READY once it listens on loopback.
 */
@Configuration
@EnableTransactionManagement
@ImportAutoConfiguration({ServletWebServerFactoryAutoConfiguration.class, EmbeddedWebServerFactoryCustomizerAutoConfiguration.class})
@Import({JpaR4Config.class, ThreadPoolFactoryConfig.class, SubscriptionSubmitterConfig.class, SubscriptionProcessorConfig.class,
    SubscriptionChannelConfig.class, JpaBatch2Config.class, Batch2JobsConfig.class})
public class Hapi {
  public static void main(String[] arguments) {
    System.setProperty("peer.jdbc", arguments[1]);
    System.setProperty("peer.user", arguments[2]);
    new SpringApplicationBuilder(Hapi.class)
        .bannerMode(Banner.Mode.OFF)
        .properties(Map.of(
            "server.address", "127.0.0.1",
            "server.port", arguments[0],
            "server.tomcat.relaxed-query-chars", "|",
            "spring.main.allow-circular-references", "true",
            "spring.main.allow-bean-definition-overriding", "true",
            "logging.level.root", "ERROR"))
        .run();
    System.out.println("READY");
  }

  @Bean
  DataSource dataSource() {
    HikariConfig settings = new HikariConfig();
    settings.setJdbcUrl(System.getProperty("peer.jdbc"));
    settings.setUsername(System.getProperty("peer.user"));
    settings.setMaximumPoolSize(20);
    return new HikariDataSource(settings);
  }

  @Bean
  JpaStorageSettings storageSettings() {
    JpaStorageSettings settings = new JpaStorageSettings();
    settings.setAllowExternalReferences(true);
    settings.setReuseCachedSearchResultsForMillis(null);
    return settings;
  }

  @Primary
  @Bean
  LocalContainerEntityManagerFactoryBean entityManagerFactory(ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings, DataSource database) {
    Properties hibernate = new Properties();
    hibernate.put("hibernate.dialect", HapiFhirPostgresDialect.class.getName());
    hibernate.put("hibernate.hbm2ddl.auto", "update");
    hibernate.put("hibernate.jdbc.batch_size", "20");
    hibernate.put("hibernate.search.enabled", "false");
    LocalContainerEntityManagerFactoryBean factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
    factory.setPersistenceUnitName("peer");
    factory.setDataSource(database);
    factory.setJpaProperties(hibernate);
    return factory;
  }

  @Primary
  @Bean
  JpaTransactionManager transactionManager(EntityManagerFactory factory) {
    return new JpaTransactionManager(factory);
  }

  @Primary
  @Bean
  HibernatePropertiesProvider dialect() {
    Dialect dialect = new HapiFhirPostgresDialect();
    return new HibernatePropertiesProvider() {
      @Override
      public Dialect getDialect() {
        return dialect;
      }
    };
  }

  @Bean
  PartitionSettings partitions() {
    return new PartitionSettings();
  }

  @Bean
  SubscriptionSettings subscriptions() {
    return new SubscriptionSettings();
  }

  @Bean
  IEmailSender noMail() {
    return details -> { };
  }

  @Bean
  IFulltextSearchSvc fulltext() {
    return new FulltextSearchSvcImpl();
  }

  @Bean
  IHSearchSortHelper fulltextSort(ISearchParamRegistry parameters) {
    return new HSearchSortHelperImpl(parameters);
  }

  @Bean
  IStaleSearchDeletingSvc staleSearches() {
    return new StaleSearchDeletingSvcImpl();
  }

  @Bean
  IResourceSupportedSvc resourceTypes(IDaoRegistry daos) {
    return new DaoRegistryResourceSupportedSvc(daos);
  }

  @Bean(name = "myResourceCountsCache")
  ResourceCountCache counts(IFhirSystemDao<?, ?> system) {
    return ResourceCountCacheUtil.newResourceCountCache(system);
  }

  @Bean
  DatabaseBackedPagingProvider pages() {
    return new DatabaseBackedPagingProvider();
  }

  @Bean
  ServletRegistrationBean<RestfulServer> fhir(FhirContext context, IFhirSystemDao<?, ?> system, IJpaSystemProvider operations, ResourceProviderFactory resources,
      JpaStorageSettings settings, ISearchParamRegistry parameters, IValidationSupport validation, DatabaseBackedPagingProvider pages) {
    RestfulServer server = new RestfulServer(context);
    server.registerProviders(resources.createProviders());
    server.registerProvider(operations);
    server.setServerConformanceProvider(new JpaCapabilityStatementProvider(server, system, settings, parameters, validation));
    server.setDefaultResponseEncoding(EncodingEnum.JSON);
    server.setPagingProvider(pages);
    server.registerInterceptor(new UserRequestRetryVersionConflictsInterceptor());
    ServletRegistrationBean<RestfulServer> servlet = new ServletRegistrationBean<>(server, "/fhir/*");
    servlet.setLoadOnStartup(1);
    return servlet;
  }
}
